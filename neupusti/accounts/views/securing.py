"""«Secure my account»: the link of every e-mail about the security of an account."""

from werkzeug.wrappers import Response

from neupusti.accounts.service import securing
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import (
    bp,
    client_context,
    confirmation_page,
    redirect_to,
    without_referrer,
)


@bp.get("/account/email/undo/<token>")
@bp.get("/account/not-me/<token>")
@bp.get("/account/secure/<token>")  # the last is the one that links are built with
def secure(token: str) -> Response:
    """Ask to confirm undoing what was done with the account.

    The two other addresses stand in e-mails from before there was one link for all.
    """
    since, email = securing.since(token), securing.former_address(token)
    return confirmation_page("accounts/secure.html", token, since=since, email=email)


@bp.post("/account/email/undo/<token>")
@bp.post("/account/not-me/<token>")
@bp.post("/account/secure/<token>")  # the last is the one that links are built with
def undo(token: str) -> Response:
    """Undo what was done with the account, and ask for a new password."""
    reset_token = securing.secure(token, client_context().device)
    if reset_token is None:
        return login.end(redirect_to("login", done="locked"))
    return without_referrer(
        login.end(redirect_to("reset", token=reset_token, done="secured"))
    )

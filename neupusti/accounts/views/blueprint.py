"""The room's blueprint, and what its views share."""

import time
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts.service import devices
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.security import throttle
from neupusti.core.security.tokens import TokenError
from neupusti.core.web import errors, redirects

bp = Blueprint("accounts", __name__)
STEP_SECONDS = 0.25
DONE: dict[str, LazyString] = {
    "confirmed": lazy_gettext("Your e-mail is confirmed. Now sign in."),
    "declined": lazy_gettext("The account was destroyed. Nobody can use your e-mail here."),
    "reset": lazy_gettext("The new password is set. Now sign in with it."),
    "locked": lazy_gettext(
        "The account is locked, and everybody is signed out. A letter with a link to set "
        "a new password is on its way."
    ),
    "signed-out": lazy_gettext("You are signed out."),
    "changed": lazy_gettext("The password is changed. All other devices are signed out."),
    "ended": lazy_gettext("Done: there you are signed out."),
    "saved": lazy_gettext("Your details are saved."),
    "still-right": lazy_gettext("Noted: your details are right. We ask again in a year."),
    "picture": lazy_gettext("The picture is saved."),
    "picture-gone": lazy_gettext("The picture is destroyed."),
    "email-asked": lazy_gettext(
        "A letter is on its way to the new address. Nothing changes until you follow its "
        "link."
    ),
    "email-changed": lazy_gettext(
        "Your e-mail is changed. The old address can undo it for 7 days."
    ),
    "email-undone": lazy_gettext(
        "The e-mail is yours again, and everybody is signed out. Now set a new password."
    ),
    "email-undone-blocked": lazy_gettext(
        "The e-mail is yours again, and everybody is signed out. The account is blocked: a "
        "letter says whom to write to."
    ),
    "withdrawn": lazy_gettext("The consent is withdrawn; we wrote you a letter about it."),
    "factor-off": lazy_gettext("The second step is switched off."),
    "codes": lazy_gettext("New codes are made; the old ones do not work any more."),
}
"""What a page says after the deed that led to it: one of these, and nothing else."""


@bp.after_request
def _private(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.app_errorhandler(CSRFError)
def _no_token(_error: CSRFError) -> Response:
    """Say what is missing: most often it is the cookie (3.3.1)."""
    if "HTTP_COOKIE" not in request.environ:
        return errors.page(
            400,
            _(
                "Your browser sent no cookie, and without one this form cannot be told "
                "from a forged one. Allow the necessary cookie «session» for this site, "
                "open the form anew and send it again. The catalogue, the policy, the "
                "newsletter, rights requests and claims work without cookies."
            ),
        )
    return errors.page(
        400,
        _("The form was opened too long ago or in another sign-in. Open it anew."),
    )


def done() -> LazyString | None:
    """Return what this page says about the deed before it."""
    return DONE.get(request.args.get("done", ""))


def to(endpoint: str, **values: Any) -> Response:
    """Answer a deed that went well: 303 to a page of this room."""
    return redirect(url_for(f"accounts.{endpoint}", **values), 303)


def back(address: str | None) -> Response:
    """Answer 303 to where the person was going, or to the account."""
    return redirect(redirects.own(address, url_for("accounts.overview")), 303)


def client_context() -> ClientContext:
    """Return the device and the network of this request, as they are kept."""
    agent = request.user_agent.string
    return ClientContext(devices.named(agent), devices.network(request.remote_addr or ""))


def network() -> str:
    """Return the network of this request, for counting."""
    return throttle.network(request.remote_addr or "")


def pad_response_time(begun: float) -> None:
    """Wait until a whole number of quarters of a second has passed since `begun`.

    So the time of an answer tells nobody which of its branches was taken (V6.3.8).
    """
    if STEP_SECONDS:
        time.sleep(STEP_SECONDS - (time.monotonic() - begun) % STEP_SECONDS)


def secret(page: Response) -> Response:
    """Let a page with a token in its address send that address nowhere."""
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def asked(template: str, token: str, **values: Any) -> Response:
    """Show what the button behind a link does: following the link changes nothing yet.

    Scanners of mail follow links: the deed is a button's.
    """
    page = render_template(template, token=token, form=ConfirmForm(), **values)
    return secret(make_response(page))


@bp.errorhandler(TokenError)
def _gone(_error: TokenError) -> Response:
    """Say of any link that it does not work any more; nobody learns why."""
    page = errors.page(
        404,
        _(
            "This link does not work any more: it was used, or its time is over. "
            "You can ask for a new one."
        ),
    )
    return secret(page)

"""The blueprint of accounts, and helpers of its views."""

import time
from datetime import timedelta
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from neupusti.accounts.service import device_cookies, devices, people
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core.data.database import db
from neupusti.core.feature import Category, Cookie
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.security import identity, throttle
from neupusti.core.security.tokens import TokenError
from neupusti.core.web import cookies, errors, redirects

bp = Blueprint("accounts", __name__)
PADDING_SECONDS = 0.25
DEVICE_DAYS = 365
DEVICE = Cookie(
    name="device",
    category=Category.NECESSARY,
    purpose=lazy_gettext(
        "Remembers that you have signed in here, so that others who guess at your password "
        "never lock you out on this device."
    ),
    lifetime=timedelta(days=DEVICE_DAYS),
)
DONE_MESSAGES: dict[str, LazyString] = {
    "confirmed": lazy_gettext("Your e-mail is confirmed. Now sign in."),
    "confirmed-other": lazy_gettext(
        "The other account is confirmed. To sign in to it, sign out of this one first."
    ),
    "stale": lazy_gettext(
        "The page you came from was of an earlier sign-in; nothing of it was saved. "
        "Sign in and go on."
    ),
    "late": lazy_gettext("The time for the code has passed: sign in again."),
    "declined": lazy_gettext("The account is deleted. Nobody can use your e-mail here."),
    "reset": lazy_gettext("The new password is set. Now sign in with it."),
    "locked": lazy_gettext(
        "What was done with the account is undone, and everybody is signed out. The "
        "message we have sent to its e-mail says how to go on."
    ),
    "signed-out": lazy_gettext("You are signed out."),
    "changed": lazy_gettext("The password is changed. All other devices are signed out."),
    "ended": lazy_gettext("Done: that device is signed out."),
    "saved": lazy_gettext("Your details are saved."),
    "still-right": lazy_gettext(
        "Thank you: your details are right. We will ask again in a year."
    ),
    "picture": lazy_gettext("The photo is saved."),
    "picture-gone": lazy_gettext("The photo is deleted."),
    "email-asked": lazy_gettext(
        "We have sent an e-mail to the new address. Nothing changes until you follow "
        "its link."
    ),
    "email-changed": lazy_gettext(
        "Your e-mail is changed. The old address can undo it for 7 days."
    ),
    "secured": lazy_gettext(
        "What was done with the account is undone, and everybody is signed out. Now set a "
        "new password."
    ),
    "withdrawn": lazy_gettext(
        "The consent is withdrawn; we have sent you an e-mail about it."
    ),
    "agreed": lazy_gettext("You agreed to the account again; everything works as before."),
    "factor-on": lazy_gettext(
        "Two-step verification is on. All other devices are signed out."
    ),
    "factor-off": lazy_gettext("Two-step verification is turned off."),
    "codes": lazy_gettext("New codes are made; the old ones no longer work."),
}
"""The messages a page may show after an action, by the value of `done`."""


@bp.after_request
def _noindex(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def done_message() -> LazyString | None:
    """Return the message about the action before this page, or None."""
    return DONE_MESSAGES.get(request.args.get("done", ""))


def redirect_to(endpoint: str, **values: Any) -> Response:
    """Redirect with 303 to a page of accounts after a successful action."""
    return redirect(url_for(f"accounts.{endpoint}", **values), 303)


def redirect_back(address: str | None) -> Response:
    """Redirect with 303 to `address` if it is a page of this site, else to the account."""
    return redirect(redirects.page(address, url_for("accounts.overview")), 303)


def client_context() -> ClientContext:
    """Return the device, the network hash and the device cookie of this request."""
    agent = request.user_agent.string
    return ClientContext(
        devices.describe(agent),
        devices.network(request.remote_addr or ""),
        cookies.value_of(DEVICE),
    )


def network() -> str:
    """Return the network of this request, for rate limits."""
    return throttle.network(request.remote_addr or "")


def known_as(email: str) -> str | None:
    """Return the name under which limits count this browser alone; None: as a stranger.

    So does the owner of `email` who is signed in, and a browser they signed in with.
    """
    owner, who = people.confirmed(email), identity.current()
    if owner is not None and who is not None and who.person == owner.id:
        return str(owner.id)
    cookie = cookies.value_of(DEVICE)
    return device_cookies.known(db.session(), owner.id if owner else None, cookie)


def pad_response_time(started: float) -> None:
    """Wait until a whole number of quarters of a second has passed since `started`.

    So the response time does not reveal which branch was taken (V6.3.8).
    """
    if PADDING_SECONDS:
        time.sleep(PADDING_SECONDS - (time.monotonic() - started) % PADDING_SECONDS)


def without_referrer(page: Response) -> Response:
    """Forbid the Referer header for a page with a token in its address."""
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def confirmation_page(template: str, token: str, **values: Any) -> Response:
    """Show a page whose button does what a link is for.

    Mail scanners follow links, so a GET changes nothing.
    """
    page = render_template(template, token=token, form=ConfirmForm(), **values)
    return without_referrer(make_response(page))


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    page = errors.page(
        404,
        _(
            "This link no longer works: it was used, or its time is over. You can ask "
            "for a new one."
        ),
    )
    return without_referrer(page)

"""Flask-Login with server-side sessions.

The stock extension keeps the sign-in in the cookie, so a copied cookie outlives logout.
Here the cookie holds a random key to a row, which is read at most once a request, and only
by pages that need it.
"""

from datetime import timedelta
from typing import Any, cast

from flask import Flask, session
from flask_babel import lazy_gettext as _
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from neupusti.accounts.models import SignIn
from neupusti.accounts.service import sessions, signing_in
from neupusti.accounts.service.sessions import OpenedSession
from neupusti.accounts.views.blueprint import DEVICE
from neupusti.core.feature import Category, Cookie
from neupusti.core.security import authorisation, identity
from neupusti.core.security.identity import Identity
from neupusti.core.web import cookies

REMEMBER = Cookie(
    name="remember_token",
    category=Category.NECESSARY,
    purpose=_("Keeps you signed in on this device, if you ask for it at the sign-in."),
    lifetime=sessions.LIFE,
)
KEY = "key"


class User(UserMixin):  # type: ignore[misc]  # the library is untyped
    """The current user of Flask-Login."""

    def __init__(self, who: Identity) -> None:
        self.identity = who

    def get_id(self) -> str:
        """Return the number of the person."""
        return str(self.identity.person)


class ServerSideLogin(LoginManager):  # type: ignore[misc]  # the library is untyped
    """Flask-Login without its cookies and its hook on every response."""

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - the signature of LoginManager
        """Register this object for `current_user`, without an after-request hook."""
        app.login_manager = self  # type: ignore[attr-defined]

    def _load_user(self) -> None:
        row = sessions.find(key(), cookies.value_of(REMEMBER))
        user = None
        if row is not None and row.completed_at is not None:
            if authorisation.counts_as_activity():
                sessions.touch(row)
            user = User(sessions.identity(row))
        self._update_request_context_with_user(user)


login = ServerSideLogin()


def install(app: Flask) -> None:
    """Register the login manager and the identity reader."""
    login.init_app(app)
    app.jinja_env.globals["idle_minutes"] = sessions.STAFF_IDLE // timedelta(minutes=1)
    identity.install(app, _identity, end_on_server)


def mfa_pending() -> SignIn | None:
    """Return the sign-in of this browser that waits for its code."""
    row = sessions.find(key())
    return row if row is not None and row.completed_at is None else None


def begin(response: Response, opened: OpenedSession) -> Response:
    """Set the cookies of a new session, discarding the previous ones."""
    renew(opened.key)
    if opened.device:
        cookies.put(response, DEVICE, opened.device)
    if opened.remember:
        cookies.put(response, REMEMBER, opened.remember)
    return response


def renew(key: str) -> None:
    """Replace the contents of the session cookie, CSRF token included, by a new key."""
    session.clear()
    session[KEY] = key


def end(response: Response) -> Response:
    """Delete the cookies of a sign-in and the cached pages."""
    session.clear()
    forget_remembered(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def end_on_server() -> None:
    """Delete the sessions that the cookies of this browser open, pending ones too."""
    signing_in.sign_out(key(), cookies.value_of(REMEMBER))


def forget_remembered(response: Response) -> Response:
    """Delete the remember-me cookie."""
    if cookies.value_of(REMEMBER) is not None:
        cookies.drop(response, REMEMBER)
    return response


def key() -> str | None:
    """Return the key in the session cookie, or None."""
    found: str | None = session.get(KEY)
    return found


def _identity() -> Identity | None:
    user: Any = current_user
    return cast("Identity", user.identity) if user.is_authenticated else None

"""Who is signed in: Flask-Login, asked of rows of the server instead of its own cookies.

The stock extension keeps the sign-in in the cookie, so a copied cookie outlives logout.
Here the cookie holds a random key to a row; the row is read once a request, and only by a
page that asks.
"""

from typing import Any, cast

from flask import Flask, session
from flask_babel import lazy_gettext as _
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from neupusti.accounts.models import SignIn
from neupusti.accounts.service import sessions
from neupusti.accounts.service.sessions import OpenedSession
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
    """What Flask-Login calls the current user."""

    def __init__(self, who: Identity) -> None:
        self.identity = who

    def get_id(self) -> str:
        """Return the number of the person."""
        return str(self.identity.person)


class ServerSideLogin(LoginManager):  # type: ignore[misc]  # the library is untyped
    """Flask-Login without its cookies and its hook on every response."""

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - their signature
        """Let `current_user` ask this object; set nothing after any request."""
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
    """Let the site ask who is signed in."""
    login.init_app(app)
    identity.install(app, _read)


def mfa_pending() -> SignIn | None:
    """Return the sign-in of this browser that waits for its code."""
    row = sessions.find(key())
    return row if row is not None and row.completed_at is None else None


def begin(response: Response, opened: OpenedSession) -> Response:
    """Give the browser the keys of a fresh sign-in, and nothing of what was before."""
    renew(opened.key)
    if opened.remember:
        cookies.put(response, REMEMBER, opened.remember)
    return response


def renew(key: str) -> None:
    """Replace all this browser's session holds by a new key: tokens of forms too."""
    session.clear()
    session[KEY] = key


def end(response: Response) -> Response:
    """Let the browser forget everything about a sign-in."""
    session.clear()
    forget_remembered(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def forget_remembered(response: Response) -> Response:
    """Take the lasting key away: the row does not know it any more."""
    if cookies.value_of(REMEMBER) is not None:
        cookies.drop(response, REMEMBER)
    return response


def key() -> str | None:
    """Return the key this browser's session holds."""
    found: str | None = session.get(KEY)
    return found


def _read() -> Identity | None:
    user: Any = current_user
    return cast("Identity", user.identity) if user.is_authenticated else None

"""CSRF tokens of forms, also for visitors without a session.

A token bound to a session would start one, and with it a cookie, as soon as a form is
looked at (3.3.1). Without a session there is nothing yet that another site could misuse:
such a form carries a token that names no session, and the origin of the request decides.
"""

from typing import Any

from flask import current_app, session
from flask_wtf.csrf import _FlaskFormCSRF, generate_csrf
from itsdangerous import BadData, URLSafeSerializer

SALT = "form without a session"


class FormTokens(_FlaskFormCSRF):  # type: ignore[misc]  # the library is untyped
    """Tokens for the forms of WTForms; Flask-WTF's where there is a session."""

    def generate_csrf_token(self, csrf_token_field: Any) -> str:  # noqa: ARG002 - theirs
        """Return the token to show, without starting a session."""
        return str(generate_csrf() if session else _serializer().dumps(""))

    def validate_csrf_token(self, form: Any, field: Any) -> None:
        """Check the token; one without a session was checked with the request's origin."""
        if not is_sessionless(field.data):
            super().validate_csrf_token(form, field)


def is_sessionless(token: str | None) -> bool:
    """Return whether `token` was issued here to a visitor without a session."""
    try:
        return bool(_serializer().loads(token or "") == "")
    except BadData:
        return False


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt=SALT)

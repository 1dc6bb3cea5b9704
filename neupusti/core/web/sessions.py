"""The session of Flask, at no cost to those who bring none."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class Sessions(SecureCookieSessionInterface):
    """Signed cookie sessions; a visitor without the cookie makes no work.

    Flask builds the signer for every request and only then asks for the cookie: that
    takes longer than answering with a page that is kept.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie, or an empty one where there is no cookie."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session has changed, `Vary` if it was looked at."""
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)

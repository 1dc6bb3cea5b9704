"""Flask's session, without cost for requests that have none."""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class Sessions(SecureCookieSessionInterface):
    """Signed cookie sessions that skip requests without the cookie.

    Flask builds the signer for every request before it looks for the cookie, which takes
    longer than the response with a cached page.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie, or an empty one where there is no cookie."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session was changed, `Vary` if it was read."""
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)

"""Unbound extensions. `create_app` binds them; nothing here knows an app."""

from flask import abort, request
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from neupusti.core.security import origin

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class TokenOrOrigin(CSRFProtect):  # type: ignore[misc]  # the library is untyped
    """Wants a CSRF token of every form but those guarded by where they were sent from."""

    def protect(self, *args: bool, **kwargs: bool) -> None:
        """Check the token of this request, unless its view guards itself."""
        if request.method in SAFE or origin.is_guarded(request.endpoint):
            return
        if origin.foreign(request.headers, request.host, https=request.is_secure):
            abort(403)
        super().protect(*args, **kwargs)


babel = Babel()
csrf = TokenOrOrigin()
migrate = Migrate()

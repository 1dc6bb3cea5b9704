"""Unbound extensions; `create_app` binds them to an app."""

from flask import abort, request
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from neupusti.core.security import origin

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class TokenOrOrigin(CSRFProtect):  # type: ignore[misc]  # the library is untyped
    """CSRFProtect that skips views marked `origin.same_origin_only`."""

    def protect(self, *args: bool, **kwargs: bool) -> None:
        """Check origin and token of this request, unless its view is marked so."""
        if request.method in SAFE_METHODS or origin.is_same_origin_only(request.endpoint):
            return
        if origin.is_cross_origin(request.headers, request.host, https=request.is_secure):
            abort(403)
        super().protect(*args, **kwargs)


babel = Babel()
csrf = TokenOrOrigin()
migrate = Migrate()

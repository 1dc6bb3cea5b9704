"""Unbound extensions; `create_app` binds them to an app."""

from flask import abort, request, session
from flask_babel import Babel, LazyString
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from markupsafe import Markup, escape

from neupusti.core.forms.tokens import is_sessionless
from neupusti.core.security import origin

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class TokenOrOrigin(CSRFProtect):  # type: ignore[misc]  # the library is untyped
    """CSRFProtect that skips views marked by a decorator of `core.security.origin`."""

    def protect(self, *args: bool, **kwargs: bool) -> None:
        """Check origin and token of this request, unless its view is marked so."""
        endpoint = request.endpoint
        if request.method in SAFE_METHODS or origin.is_same_origin_only(endpoint):
            return
        if origin.is_from_any_origin(endpoint):
            return
        headers, host, https = request.headers, request.host, request.is_secure
        if origin.is_cross_origin(headers, host, https=https):
            abort(403)
        # A session may have begun in another tab since the form was opened without one;
        # then the browser must say that the form is ours.
        if is_sessionless(request.form.get("csrf_token")) and (
            not session or origin.same_origin(headers, host, https=https)
        ):
            return
        super().protect(*args, **kwargs)


def _escaped(text: LazyString) -> Markup:
    return escape(str(text))


# The library would let a translated sentence into a page as markup, with what a visitor
# has sent in it.
LazyString.__html__ = _escaped

babel = Babel()
csrf = TokenOrOrigin()
migrate = Migrate()

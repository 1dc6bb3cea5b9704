"""Wrap the application in the recorder, and set the visitor cookie."""

from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request
from flask_babel import lazy_gettext as _

from neupusti.access.recording.recorder import Recorder
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.visitors import Visitors
from neupusti.access.views.blueprint import bp, secret_paths, spool_folder
from neupusti.config.settings import Settings
from neupusti.core.feature import CONSENT_LIFETIME, Category, Cookie
from neupusti.core.web import choice, cookies, route

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

VISITOR = Cookie(
    name="visitor",
    category=Category.STATISTICS,
    purpose=_(
        "A random number and the day it was given: whether you have been here before."
    ),
    lifetime=CONSENT_LIFETIME,
)
VISITORS = "neupusti.access.visitors"


def recorder(app: Flask, inner: "WSGIApplication", config: Settings) -> Recorder:
    """Return `inner` wrapped in the recorder."""
    route.install(app)
    spool = Spool(spool_folder(config))
    app.extensions["neupusti.access.spool"] = spool
    name = VISITOR.wire_name(secure=config.production)
    visitors = Visitors(config.secret_key, name, CONSENT_LIFETIME)
    app.extensions[VISITORS] = visitors
    return Recorder(
        inner,
        spool,
        secrets=lambda: secret_paths(app),
        visitors=visitors,
        static=bool(config.access_static),
    )


@bp.after_app_request
def give_visitor_cookie(response: Response) -> Response:
    """Set the visitor cookie if statistics are allowed and there is no valid one."""
    # Checked first, because nearly no visitor has granted it.
    if (
        choice.current().allows(Category.STATISTICS)
        and request.method == "GET"
        and response.mimetype == "text/html"
    ):
        visitors: Visitors = current_app.extensions[VISITORS]
        if not visitors.read(request.environ.get("HTTP_COOKIE", "")):
            cookies.put(response, VISITOR, visitors.new())
    return response

"""Puts the recorder round the application, and gives the visitor's cookie."""

import re
import secrets as random
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from flask_babel import lazy_gettext as _

from neupusti.access.service.recorder import Recorder
from neupusti.access.service.spool import Spool
from neupusti.access.views.blueprint import bp, secrets, spool_folder
from neupusti.config import Settings
from neupusti.core import choice, clock, cookies, route
from neupusti.core.feature import Category, Cookie

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

VISITOR = Cookie(
    name="visitor",
    category=Category.STATISTICS,
    purpose=_(
        "A random number and the day it was given: whether you have been here before."
    ),
    lifetime=timedelta(days=390),
)
GIVEN = re.compile(r"[0-9]{8}[0-9a-f]{24}")


def recorder(app: Flask, inner: "WSGIApplication", config: Settings) -> Recorder:
    """Return `inner` with every answer written down."""
    route.install(app)
    spool = Spool(spool_folder(config))
    app.extensions["neupusti.access.spool"] = spool
    return Recorder(
        inner, spool, secrets=lambda: secrets(app), static=bool(config.access_static)
    )


@bp.after_app_request
def give_visitor_cookie(response: Response) -> Response:
    """Give a random id to a visitor who agreed to statistics and has none yet."""
    if (
        request.method == "GET"
        and response.mimetype == "text/html"
        and choice.current().allows(Category.STATISTICS)
        and not GIVEN.fullmatch(cookies.value_of(VISITOR) or "")
    ):
        value = f"{clock.today():%Y%m%d}{random.token_hex(12)}"
        cookies.put(response, VISITOR, value)
    return response

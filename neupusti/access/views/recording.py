"""Puts the recorder round the application, and the aggregator beside it."""

from typing import TYPE_CHECKING

from flask import Flask

from neupusti.access.service.recorder import Recorder
from neupusti.access.service.spool import Spool
from neupusti.access.views.blueprint import aggregator, secrets, spool_folder
from neupusti.config import Settings
from neupusti.core import route

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def recorder(
    app: Flask, inner: "WSGIApplication", config: Settings, *, served: bool
) -> Recorder:
    """Return `inner` with every answer written down.

    `served` says that this process answers the public: from its first request on it also
    stands for election as the aggregator.
    """
    route.install(app)
    spool = Spool(spool_folder(config))
    app.extensions["neupusti.access.spool"] = spool
    return Recorder(
        inner,
        spool,
        secrets=lambda: secrets(app),
        static=config.access_static,
        started=aggregator(app, config).start if served else None,
    )

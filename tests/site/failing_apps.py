"""Apps that fail to start, and a server to run them.

usage: python -m tests.site.failing_apps NAME PORT [CONSTANT=SECONDS …]
"""

import os
import sys
from pathlib import Path
from threading import Event

from flask import Flask

from neupusti.core.web import log
from neupusti.site.views import server


def sound() -> Flask:
    """Return an app that responds with its process id."""
    app = Flask("fragile", static_folder=None)
    app.add_url_rule("/", view_func=lambda: str(os.getpid()))
    return app


def once() -> Flask:
    """Leave a file; return the app the first time in this folder, and fail afterwards."""
    _begin()
    Path("once").touch(exist_ok=False)
    return sound()


def broken() -> Flask:
    """Raise an error at the start."""
    raise RuntimeError("planted at the start")


def endless() -> Flask:
    """Leave a file, and never finish starting."""
    _begin()
    Event().wait()
    return sound()


def _begin() -> None:
    Path(f"begun-{os.getpid()}").touch()


def main(name: str, port: str, *constants: str) -> None:
    """Serve the app `name` with two workers."""
    log.configure()
    for constant in constants:
        what, _, seconds = constant.partition("=")
        setattr(server, what, int(seconds))
    app = f"tests.site.failing_apps:{name}"
    server.server(app, host="127.0.0.1", port=int(port), workers=2).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Applications that do not always come up, and the server round them.

usage: python -m tests.site.fragile NAME PORT [CONSTANT=SECONDS …]
"""

import os
import sys
from pathlib import Path
from threading import Event

from flask import Flask

from neupusti.core.web import log
from neupusti.site.views import server


def sound() -> Flask:
    """Return an app that answers with the number of its process."""
    app = Flask("fragile", static_folder=None)
    app.add_url_rule("/", view_func=lambda: str(os.getpid()))
    return app


def once() -> Flask:
    """Return it the first time in this folder; then never again."""
    Path("once").touch(exist_ok=False)
    return sound()


def broken() -> Flask:
    """Raise what a mistake in the code would."""
    raise RuntimeError("planted at the start")


def endless() -> Flask:
    """Say that it has begun, and never come up."""
    Path(f"begun-{os.getpid()}").touch()
    Event().wait()
    return sound()


def main(name: str, port: str, *constants: str) -> None:
    """Serve the app `name` with two workers."""
    log.configure()
    for constant in constants:
        what, _, seconds = constant.partition("=")
        setattr(server, what, int(seconds))
    app = f"tests.site.fragile:{name}"
    server.server(app, host="127.0.0.1", port=int(port), workers=2).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])

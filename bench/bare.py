"""The baseline: a Flask view that returns fixed bytes, on the server of the site.

usage: python -m bench.bare PORT FILE CONTENT_CODING
"""

import sys
from pathlib import Path

from flask import Flask, Response

from neupusti.site.views.server import server


def make() -> Flask:
    """Return an app with one view and nothing else."""
    body, coding = Path(sys.argv[2]).read_bytes(), sys.argv[3]
    app = Flask("bare", static_folder=None)

    @app.get("/policy/")
    def page() -> Response:
        return Response(body, mimetype="text/html", headers={"Content-Encoding": coding})

    return app


if __name__ == "__main__":
    server("bench.bare:make", host="127.0.0.1", port=int(sys.argv[1]), workers=2).serve()

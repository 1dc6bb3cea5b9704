"""Views that go wrong on purpose, or tell what reached them."""

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    jsonify,
    render_template_string,
    request,
)
from sqlalchemy.exc import OperationalError

from neupusti.config.settings import Mode
from neupusti.core.rules import PUBLIC, Rule
from neupusti.core.security.authorisation import EXTENSION
from neupusti.core.web.errors import DomainError
from tests.people import AIGERIM, BIN

bp = Blueprint("faults", __name__, url_prefix="/fault")
EMPTY: dict[str, Response] = {}
WORDS = f"the words of {AIGERIM.email}"
PRODUCTION = {
    "mode": Mode.PRODUCTION,
    "base_url": "https://shop.example",
    "operator_bin": BIN,
    "operator_email": "privacy@shop.example",
    "operator_responsible": "A lawyer",
}
"""The settings of a site for the public."""


class Open(dict[str, Rule]):
    """A table of who may open what, in which everything new is open to everybody."""

    def get(self, endpoint: str, _default: object = None) -> Rule:
        """Return the rule of `endpoint`."""
        return super().get(endpoint, PUBLIC)


def opened(app: Flask) -> Flask:
    """Let whatever routes a test adds to `app` be open to everybody."""
    app.extensions[EXTENSION] = Open(app.extensions[EXTENSION])
    return app


def planted(app: Flask) -> Flask:
    """Add these views to `app`."""
    app.register_blueprint(bp)
    return opened(app)


@bp.get("/status/<int:status>")
def status(status: int) -> Response:
    abort(status)


@bp.get("/wait")
def wait() -> Response:
    abort(429, response=None, retry_after=7)


@bp.get("/view")
def view() -> Response:
    try:
        return EMPTY[WORDS]
    except KeyError as error:
        raise ValueError(WORDS) from error


@bp.get("/template")
def template() -> str:
    return render_template_string("{{ nothing.at.all }}")


@bp.get("/database")
def database() -> Response:
    raise OperationalError("SELECT :email", {"email": AIGERIM.email}, OSError(WORDS))


@bp.get("/refusal")
def refusal() -> Response:
    raise DomainError("<script>alert(1)</script> & co")


@bp.post("/form")
def form() -> Response:
    return jsonify(request.form)


@bp.get("/seen")
def seen() -> Response:
    """Tell what the edge let through, under a stricter header of its own."""
    response = jsonify(
        address=request.remote_addr,
        host=request.host,
        scheme=request.scheme,
        path=request.path,
        root=request.script_root,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response

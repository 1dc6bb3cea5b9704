"""Views that fail on purpose, or return what reached them."""

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

from neupusti.config.values import MailMode, Mode
from neupusti.core.rules import PUBLIC, Rule
from neupusti.core.security.authorisation import EXTENSION
from neupusti.core.web.errors import DomainError
from tests.people import AIGERIM, BIN

bp = Blueprint("failing_views", __name__, url_prefix="/failing")
EMPTY: dict[str, Response] = {}
MESSAGE = f"the words of {AIGERIM.email}"
PRODUCTION = {
    "mode": Mode.PRODUCTION,
    "mail": MailMode.OUTBOX,
    "base_url": "https://shop.example",
    "operator_bin": BIN,
    "operator_email": "privacy@shop.example",
    "operator_responsible": "A lawyer",
}
"""Valid production settings."""


class PublicByDefault(dict[str, Rule]):
    """Access rules in which every unknown endpoint is public."""

    def get(self, endpoint: str, _default: object = None) -> Rule:
        """Return the rule of `endpoint`."""
        return super().get(endpoint, PUBLIC)


def make_public(app: Flask) -> Flask:
    """Make the routes that a test adds to `app` public."""
    app.extensions[EXTENSION] = PublicByDefault(app.extensions[EXTENSION])
    return app


def register(app: Flask) -> Flask:
    """Register these views in `app`."""
    app.register_blueprint(bp)
    return make_public(app)


@bp.get("/status/<int:status>")
def status(status: int) -> Response:
    abort(status)


@bp.get("/wait")
def wait() -> Response:
    abort(429, response=None, retry_after=7)


@bp.get("/view")
def view() -> Response:
    try:
        return EMPTY[MESSAGE]
    except KeyError as error:
        raise ValueError(MESSAGE) from error


@bp.get("/template")
def template() -> str:
    return render_template_string("{{ nothing.at.all }}")


@bp.get("/database")
def database() -> Response:
    raise OperationalError("SELECT :email", {"email": AIGERIM.email}, OSError(MESSAGE))


@bp.get("/domain-error")
def domain_error() -> Response:
    raise DomainError("<script>alert(1)</script> & co")


@bp.post("/form")
def form() -> Response:
    return jsonify(request.form)


@bp.get("/seen")
def seen() -> Response:
    """Return what passed the edge, with a stricter header of its own."""
    response = jsonify(
        address=request.remote_addr,
        host=request.host,
        scheme=request.scheme,
        path=request.path,
        root=request.script_root,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response

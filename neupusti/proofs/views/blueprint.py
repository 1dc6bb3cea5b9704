"""The blueprint of the proofs, and who may see them."""

from flask import Blueprint
from werkzeug.exceptions import NotFound

from neupusti.config.settings import settings
from neupusti.config.values import ProofMode

bp = Blueprint("proofs", __name__, cli_group=None)


def is_public() -> bool:
    """Return whether everybody may see the outcome."""
    return settings().proofs is ProofMode.PUBLIC


def require_public() -> None:
    """Raise NotFound where only staff may see the outcome."""
    if not is_public():
        raise NotFound

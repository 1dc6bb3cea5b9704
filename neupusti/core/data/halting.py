"""Whether the operator has halted every sweep: `NEUPUSTI_DESTROY=0`."""

from flask import current_app

DESTROY = "NEUPUSTI_DESTROY"


def is_halted() -> bool:
    """Return whether nothing may be destroyed now but what clause 3.3 promises."""
    return not current_app.config[DESTROY]

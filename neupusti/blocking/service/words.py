"""What people read of blocks."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.core.blocking.models import Cause

CAUSES: Mapping[str, LazyString] = {
    Cause.PERSON: _("the person"),
    Cause.AGENT: _("a representative"),
    Cause.BODY: _("the authorised body"),
    Cause.STAFF: _("the shop"),
    Cause.SYSTEM: _("the site"),
}
ENTERED = (Cause.BODY, Cause.STAFF)
"""Who can have data blocked by a form of staff; others send a request."""

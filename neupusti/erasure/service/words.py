"""What people read of erasures."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_pgettext
from flask_babel import lazy_gettext as _

from neupusti.erasure.models import Erasure, State

STATES: Mapping[str, LazyString] = {
    State.ASKED: _("waits for a second member of staff"),
    State.CONFIRMED: _("confirmed; it can be undone"),
    State.UNDONE: _("undone"),
    State.DESTROYED: _("the rows are destroyed"),
    State.INCOMPLETE: _("something was left; it is tried again every hour"),
    State.TOLD: _("destroyed; the last e-mail is on its way"),
    State.WAITING: _("destroyed but for what a law keeps"),
    State.DONE: lazy_pgettext("of an erasure", "destroyed"),
}
PUT_OFF = _("put off: something stands against it; it can be undone")


def state(erasure: Erasure) -> LazyString:
    """Return in words how far an erasure is."""
    return PUT_OFF if erasure.is_put_off else STATES[erasure.state]

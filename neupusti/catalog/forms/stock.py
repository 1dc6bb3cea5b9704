"""The forms that change stock by hand."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields import SelectChoice

from neupusti.catalog.forms.fields import PIECES_DIGITS, Digits, reason
from neupusti.catalog.models import MovementKind
from neupusti.catalog.service import labels
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Choice


class CountForm(Form):
    """A count of the shelf: what it was and what it is."""

    last = HiddenField()
    was = Digits(
        _("It was"), empty=_("Write how many it was."), least=0, longest=PIECES_DIGITS
    )
    now = Digits(
        _("It is"), empty=_("Write how many it is."), least=0, longest=PIECES_DIGITS
    )
    reason = reason()


class MoveForm(Form):
    """Pieces that came, or were written off."""

    last = HiddenField()
    kind = Choice(
        _("What happened"),
        choices=[
            SelectChoice(kind.value, labels.MOVEMENTS[kind])
            for kind in (MovementKind.RECEIVED, MovementKind.WRITTEN_OFF)
        ],
    )
    pieces = Digits(_("Pieces"), empty=_("Write how many."), longest=PIECES_DIGITS)
    reason = reason()

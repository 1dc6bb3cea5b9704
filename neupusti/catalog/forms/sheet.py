"""The forms of tables of goods."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from neupusti.core import pictures
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import File


class SheetForm(Form):
    """A table of goods."""

    sheet = File(_("CSV file"), clause="", empty=pictures.EMPTY, accept=".csv,text/csv")


class ApplyForm(Form):
    """The table that was shown, to be applied."""

    name = HiddenField()
    digest = HiddenField()

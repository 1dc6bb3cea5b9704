"""The forms of the staff area."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.reason import Reason


class ReasonForm(Form):
    """The reason for reading personal data, which the journal records."""

    purposes = (Purpose.FEEDBACK,)

    reason = Reason(_("What for"))

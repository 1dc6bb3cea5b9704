"""The forms of the staff area: why somebody reads what is about people."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.reason import Reason


class ReasonForm(Form):
    """Asks for the reason, which the journal keeps."""

    purposes = (Purpose.FEEDBACK,)

    reason = Reason(_("What for"))

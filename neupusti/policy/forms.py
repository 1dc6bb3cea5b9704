"""The forms of the review sheet."""

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.reason import Reason


class ReadForm(Form):
    """A button about the text and terms that were read, told by their digest."""

    read = HiddenField()


class PublishForm(ReadForm):
    """Publishes an edition; `backdate` where it takes effect before that."""

    purposes = (Purpose.FEEDBACK,)

    backdate = Reason(
        _("Why it takes effect before its publication"),
        empty="",
        hint=_("Only where its moment is past: the journal keeps these words."),
    )

"""The forms of blocking."""

from flask_babel import lazy_gettext as _
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from neupusti.blocking.service import blocking
from neupusti.blocking.service.words import CAUSES, ENTERED
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Choice, Email, TextArea, TextLine
from neupusti.core.forms.reason import Reason
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.rights.forms import LONGEST, TALL
from neupusti.rights.service.errors import NO_PERSON


class BlockForm(Form):
    """Why somebody wants their data blocked."""

    purposes = (Purpose.FEEDBACK,)

    reason = TextArea(
        _("What should we check?"),
        clause="3.4",
        longest=LONGEST,
        hint=_("You may leave it empty: the block does not depend on it"),
        render_kw=TALL,
    )


class PlaceForm(Form):
    """What the authorised body, or a member of staff, wants blocked."""

    purposes = (Purpose.IDENTIFICATION, Purpose.FEEDBACK)

    by = Choice(
        _("Who demands it"),
        choices=[SelectChoice(one.value, CAUSES[one]) for one in ENTERED],
    )
    person = TextLine(_("Number of the person"), longest=10, autocomplete="off")
    email = Email(_("E-mail"), hint=_("Of somebody without an account"), autocomplete="off")
    document = TextLine(
        _("Paper that you saw"),
        clause="3.2.1",
        longest=blocking.LONGEST_DOCUMENT,
        hint=_("Kind, number and date"),
        autocomplete="off",
    )
    language = Choice(
        _("Language"), choices=[SelectChoice(one.value, one.own_name) for one in Language]
    )
    reason = Reason(_("Why"))

    def validate_person(self, field: TextLine) -> None:
        """Refuse what is no number."""
        if field.data and pagination.whole(field.data) is None:
            raise ValidationError(str(NO_PERSON))


class LookForm(Form):
    """Why a member of staff looks at blocked data."""

    purposes = (Purpose.FEEDBACK,)

    reason = Reason(_("What do you check?"))

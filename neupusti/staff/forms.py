"""The forms of the staff room."""

from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Email, Name, TextLine
from neupusti.core.forms.reason import Reason
from neupusti.core.rules import Permission


class PermissionsForm(SelectMultipleField):  # type: ignore[misc]  # the library is untyped
    """A box for each permission; nothing but our five names is taken."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    clause = ""
    autocomplete = ""

    @property
    def chosen(self) -> frozenset[Permission]:
        """The permissions that were ticked."""
        return frozenset(map(Permission, self.data or ()))


def permissions() -> PermissionsForm:
    """Declare the boxes of a form."""
    choices = [SelectChoice(one.value, one.label) for one in Permission]
    return PermissionsForm(_("Permissions"), choices=choices)


class SearchForm(Form):
    """Looks for people: in the body of a request, for the words name somebody (1.1.4)."""

    purposes = (Purpose.FEEDBACK,)

    q = TextLine(
        _("Name, e-mail, phone or number"),
        empty=_("Write a name, an e-mail, a phone or a number."),
        clause="3.2",
        autocomplete="off",
    )
    reason = Reason(_("What for"))


class OpenPersonForm(Form):
    """Asks for the reason before a person's page is opened, or something done on it."""

    purposes = (Purpose.FEEDBACK,)

    reason = Reason(_("What for"))


class SuspendForm(Form):
    """Asks why an account is blocked, or why it is open again."""

    purposes = (Purpose.IDENTIFICATION,)

    reason = Reason(
        _("The reason"),
        empty=_("Say why: the journal keeps it."),
        hint=_("The person may ask to read these words: name nobody else in them."),
    )


class InviteForm(Form):
    """Invites somebody to the staff."""

    purposes = (Purpose.ACCOUNT,)

    email = Email(_("E-mail"), empty=_("Write the address the invitation goes to."))
    family_name = Name(_("Family name"), autocomplete="off")
    given_name = Name(_("Given name"), empty=_("Write the given name."), autocomplete="off")
    permissions = permissions()


class ChangePermissionsForm(Form):
    """Gives a member of staff permissions and takes them back."""

    purposes = (Purpose.FEEDBACK,)

    permissions = permissions()
    reason = Reason(_("What for"))

"""The forms of staff management."""

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
    """A checkbox for each permission; other values are rejected."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    clause = ""
    autocomplete = ""

    @property
    def chosen(self) -> frozenset[Permission]:
        """The permissions that were ticked."""
        return frozenset(map(Permission, self.data or ()))


def permissions() -> PermissionsForm:
    """Declare the checkboxes of a form."""
    choices = [
        SelectChoice(permission.value, permission.label) for permission in Permission
    ]
    return PermissionsForm(_("Permissions"), choices=choices)


class SearchForm(Form):
    """Search for people; sent in the request body, since the query is personal (1.1.4)."""

    purposes = (Purpose.FEEDBACK,)

    q = TextLine(
        _("Name, e-mail, phone or number"),
        empty=_("Write a name, an e-mail, a phone or a number."),
        clause="3.2",
        autocomplete="off",
    )
    reason = Reason(_("What for"))


class OpenPersonForm(Form):
    """The reason for opening a person's page or acting on it."""

    purposes = (Purpose.FEEDBACK,)

    reason = Reason(_("What for"))


class SuspendForm(Form):
    """The reason for suspending or reinstating an account."""

    purposes = (Purpose.IDENTIFICATION,)

    reason = Reason(
        _("The reason"),
        empty=_("Say why: the journal keeps it."),
        hint=_("The person may ask to read these words: name nobody else in them."),
    )


class InviteForm(Form):
    """An invitation to the staff."""

    purposes = (Purpose.ACCOUNT,)

    email = Email(_("E-mail"), empty=_("Enter the address the invitation goes to."))
    family_name = Name(_("Family name"), autocomplete="off")
    given_name = Name(_("Given name"), empty=_("Write the given name."), autocomplete="off")
    permissions = permissions()


class ChangePermissionsForm(Form):
    """Changes the permissions of a member of staff."""

    purposes = (Purpose.FEEDBACK,)

    permissions = permissions()
    reason = Reason(_("What for"))

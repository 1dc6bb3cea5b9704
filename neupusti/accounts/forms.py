"""The forms of accounts: their fields, purposes and the texts of the consents."""

from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields import SelectChoice

from neupusti.core import pictures
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.consent import Consent, Statement
from neupusti.core.forms.fields import (
    Checkbox,
    Choice,
    Code,
    Email,
    File,
    Name,
    Password,
    Phone,
)
from neupusti.core.text.languages import Language
from neupusti.policy.service.citing import cited

ON_CONSENTS_PAGE = _(
    "at any time, with one click, on the page “My consents” of the account"
)

ACCOUNT = Statement(
    opening=_("I agree that my data are processed so that I can have an account here."),
    purpose=Purpose.ACCOUNT,
    purposes=(
        cited(_("to create and keep the account"), Purpose.ACCOUNT),
        cited(
            _("to recognise me when I sign in and take my orders"), Purpose.IDENTIFICATION
        ),
        cited(_("to show me my own pages"), Purpose.PERSONAL_PAGES),
        cited(_("to check that the data are right"), Purpose.CONFIRMATION),
        cited(_("to send me service e-mails"), Purpose.NOTICES),
    ),
    data=(
        _("family name, given name, patronymic if I gave one"),
        _("e-mail"),
        _("phone, if I gave one"),
        _("devices and times of my sign-ins"),
    ),
    term=_("for the life of the account"),
    how_to_withdraw=ON_CONSENTS_PAGE,
)
NEWS = Statement(
    opening=_("I also want to receive news, prices and special offers by e-mail."),
    purpose=Purpose.NEWS,
    purposes=(cited(_("to send me the newsletter"), Purpose.NEWS),),
    data=(_("e-mail"), _("given name")),
    term=_("until I withdraw it"),
    how_to_withdraw=_("with one click in every e-mail, or on the page “My consents”"),
)


class RegistrationForm(Form):
    """A new account (3.1)."""

    purposes = (
        Purpose.ACCOUNT,
        Purpose.IDENTIFICATION,
        Purpose.PERSONAL_PAGES,
        Purpose.CONFIRMATION,
        Purpose.NOTICES,
    )

    family_name = Name(
        _("Family name"), empty=_("Enter your family name."), autocomplete="family-name"
    )
    given_name = Name(
        _("Given name"), empty=_("Enter your given name."), autocomplete="given-name"
    )
    patronymic = Name(_("Patronymic"), autocomplete="additional-name")
    email = Email(
        _("E-mail"),
        empty=_("Enter your e-mail."),
        hint=_("We send a link to confirm it; you also sign in with it"),
    )
    phone = Phone(_("Phone"), hint=_("Only needed for an order; you can give it then"))
    password = Password(
        _("Password"), empty=_("Choose a password."), autocomplete="new-password"
    )
    consent = Consent()
    newsletter = Consent(needed=False)


class ConsentAgainForm(Form):
    """The consent to the account, after it was withdrawn."""

    purposes = (Purpose.ACCOUNT,)

    consent = Consent()


class SignInForm(Form):
    """The first step of a sign-in: e-mail and password."""

    purposes = (Purpose.IDENTIFICATION,)

    email = Email(_("E-mail"), empty=_("Enter your e-mail."), autocomplete="username")
    password = Password(_("Password"), empty=_("Enter your password."))
    remember = Checkbox(
        _("Remember me on this device for 30 days"),
        hint=_("Sets one more necessary cookie; do not tick it on a shared computer"),
    )
    code = Code(_("Code"))
    next = HiddenField()


class CodeForm(Form):
    """The second step of a sign-in: a TOTP code or a recovery code."""

    code = Code(
        _("Code"),
        empty=_("Enter the code."),
        hint=_("Six digits of your app, or one of your recovery codes"),
    )
    remember = HiddenField()
    next = HiddenField()


class ResetRequestForm(Form):
    """Where to send the link that sets a new password."""

    purposes = (Purpose.IDENTIFICATION,)

    email = Email(_("E-mail"), empty=_("Enter your e-mail."))


class NewPasswordForm(Form):
    """A new password, set by the link of an e-mail."""

    password = Password(
        _("New password"), empty=_("Choose a password."), autocomplete="new-password"
    )


class ChangePasswordForm(Form):
    """A new password, authorised by the current one."""

    current = Password(_("Your current password"), empty=_("Enter your password."))
    password = Password(
        _("New password"), empty=_("Choose a password."), autocomplete="new-password"
    )


class ReauthenticateForm(Form):
    """The password again, before a sensitive action."""

    current = Password(_("Your password"), empty=_("Enter your password."))
    next = HiddenField()


class AppCodeForm(Form):
    """The first code of an authenticator app that is being set up."""

    code = Code(
        _("Code"),
        empty=_("Enter the code."),
        hint=_("The six digits that the app shows now"),
    )


class StepUpPassword(Password):
    """A password that only some submissions need: the view decides which."""

    def __init__(self, label: LazyString, **kwargs: Any) -> None:
        super().__init__(label, empty="", **kwargs)
        self.flags.required = False

    def pre_validate(self, form: Any) -> None:
        """Accept any value."""


class ProfileForm(Form):
    """The personal details of the account (4.1.2, 4.1.5)."""

    purposes = (Purpose.PERSONAL_PAGES, Purpose.CONFIRMATION, Purpose.NOTICES)

    family_name = Name(
        _("Family name"), empty=_("Enter your family name."), autocomplete="family-name"
    )
    given_name = Name(
        _("Given name"), empty=_("Enter your given name."), autocomplete="given-name"
    )
    patronymic = Name(_("Patronymic"), autocomplete="additional-name")
    phone = Phone(_("Phone"), hint=_("Only needed for an order"))
    language = Choice(
        _("Language of our e-mails"),
        choices=[SelectChoice(language.value, language.own_name) for language in Language],
        hint=_("Service e-mails come in it"),
    )
    current = StepUpPassword(
        _("Your password"),
        hint=_("Only to change the phone, since you signed in a while ago"),
    )


class AvatarForm(Form):
    """The picture of the account (3.2.6)."""

    purposes = (Purpose.PERSONAL_PAGES,)

    picture = File(
        _("Photo"),
        clause="3.2.6",
        empty=pictures.EMPTY,
        accept=pictures.ACCEPT,
        hint=_("A JPEG, PNG or WebP of at most 5 MB; only you see it"),
    )


class ChangeEmailForm(Form):
    """A new e-mail for the account (3.2.3)."""

    purposes = (Purpose.IDENTIFICATION, Purpose.CONFIRMATION, Purpose.NOTICES)

    email = Email(
        _("New e-mail"),
        empty=_("Enter the new e-mail."),
        hint=_("We send a link to confirm it; until then nothing changes"),
    )
    current = Password(_("Your password"), empty=_("Enter your password."))

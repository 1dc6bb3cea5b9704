"""The security events of an account, and their labels for its owner (V16.2.1)."""

from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


class SecurityEventKind(StrEnum):
    """The closed list of security events."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "sign-in refused"
    CODE_REFUSED = "code refused"
    NEW_DEVICE = "new device"
    SIGNED_OUT = "signed out"
    SESSIONS_ENDED = "sessions ended"
    REAUTHENTICATED = "proved again"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - a name, not a password
    PASSWORD_RESET = "password reset"  # noqa: S105 - a name, not a password
    RESET_REQUESTED = "reset asked"
    SECOND_FACTOR_ON = "second factor on"
    SECOND_FACTOR_OFF = "second factor off"
    RECOVERY_CODES_CREATED = "recovery codes made"
    RECOVERY_CODE_USED = "recovery code used"
    NOT_ME = "reported as not me"
    EMAIL_CHANGE_REQUESTED = "e-mail change asked"
    EMAIL_CHANGED = "e-mail changed"
    EMAIL_UNDONE = "e-mail change undone"
    DETAILS_CHANGED = "details changed"
    SUSPENDED = "account blocked"
    REINSTATED = "account unblocked"
    SIGN_IN_WHILE_SUSPENDED = "shut out"
    SECOND_FACTOR_RESET = "second factor reset"
    EMERGENCY = "broken into"


LABELS: dict[SecurityEventKind, LazyString] = {
    SecurityEventKind.REGISTERED: _("The account was registered"),
    SecurityEventKind.CONFIRMED: _("The e-mail was confirmed"),
    SecurityEventKind.SIGNED_IN: _("Signed in"),
    SecurityEventKind.SIGN_IN_REFUSED: _("A wrong password at the sign-in"),
    SecurityEventKind.CODE_REFUSED: _("A wrong code at the sign-in"),
    SecurityEventKind.NEW_DEVICE: _("Signed in from a new device"),
    SecurityEventKind.SIGNED_OUT: _("Signed out"),
    SecurityEventKind.SESSIONS_ENDED: _("Sessions on other devices were ended"),
    SecurityEventKind.REAUTHENTICATED: _("The password was confirmed again"),
    SecurityEventKind.PASSWORD_CHANGED: _("The password was changed"),
    SecurityEventKind.PASSWORD_RESET: _("A new password was set by a link"),
    SecurityEventKind.RESET_REQUESTED: _("A link to set a new password was sent"),
    SecurityEventKind.SECOND_FACTOR_ON: _("Two-step verification was turned on"),
    SecurityEventKind.SECOND_FACTOR_OFF: _("Two-step verification was turned off"),
    SecurityEventKind.RECOVERY_CODES_CREATED: _("New recovery codes were made"),
    SecurityEventKind.RECOVERY_CODE_USED: _("A recovery code was used"),
    SecurityEventKind.NOT_ME: _("A sign-in was reported as not yours"),
    SecurityEventKind.EMAIL_CHANGE_REQUESTED: _("A change of the e-mail was asked for"),
    SecurityEventKind.EMAIL_CHANGED: _("The e-mail was changed"),
    SecurityEventKind.EMAIL_UNDONE: _("The change of the e-mail was undone"),
    SecurityEventKind.DETAILS_CHANGED: _("Names or phone were changed"),
    SecurityEventKind.SUSPENDED: _("The operator blocked the account"),
    SecurityEventKind.REINSTATED: _("The operator unblocked the account"),
    SecurityEventKind.SECOND_FACTOR_RESET: _(
        "The operator turned off two-step verification"
    ),
    SecurityEventKind.EMERGENCY: _("You said that the account was broken into"),
    SecurityEventKind.SIGN_IN_WHILE_SUSPENDED: _(
        "The right password, while the account was blocked"
    ),
}

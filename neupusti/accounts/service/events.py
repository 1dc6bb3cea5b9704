"""What may happen to the safety of an account, as its owner reads it later (V16.2.1)."""

from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


class Event(StrEnum):
    """The closed list of security events."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "sign-in refused"
    CODE_REFUSED = "code refused"
    NEW_DEVICE = "new device"
    SIGNED_OUT = "signed out"
    SESSIONS_ENDED = "sessions ended"
    PROVED = "proved again"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - a name, not a password
    PASSWORD_RESET = "password reset"  # noqa: S105 - a name, not a password
    RESET_ASKED = "reset asked"
    FACTOR_ON = "second factor on"
    FACTOR_OFF = "second factor off"
    CODES_MADE = "recovery codes made"
    CODE_SPENT = "recovery code used"
    NOT_ME = "reported as not me"
    EMAIL_ASKED = "e-mail change asked"
    EMAIL_CHANGED = "e-mail changed"
    EMAIL_UNDONE = "e-mail change undone"
    DETAILS_CHANGED = "details changed"
    BLOCKED = "account blocked"
    UNBLOCKED = "account unblocked"
    SHUT_OUT = "shut out"
    FACTOR_RESET = "second factor reset"


LABELS: dict[Event, LazyString] = {
    Event.REGISTERED: _("The account was registered"),
    Event.CONFIRMED: _("The e-mail was confirmed"),
    Event.SIGNED_IN: _("Signed in"),
    Event.SIGN_IN_REFUSED: _("A wrong password at the sign-in"),
    Event.CODE_REFUSED: _("A wrong code at the sign-in"),
    Event.NEW_DEVICE: _("Signed in from a new device"),
    Event.SIGNED_OUT: _("Signed out"),
    Event.SESSIONS_ENDED: _("Sessions on other devices were ended"),
    Event.PROVED: _("The password was confirmed again"),
    Event.PASSWORD_CHANGED: _("The password was changed"),
    Event.PASSWORD_RESET: _("The password was set anew by a link"),
    Event.RESET_ASKED: _("A link to set the password anew was sent"),
    Event.FACTOR_ON: _("The second step was switched on"),
    Event.FACTOR_OFF: _("The second step was switched off"),
    Event.CODES_MADE: _("New recovery codes were made"),
    Event.CODE_SPENT: _("A recovery code was used"),
    Event.NOT_ME: _("A sign-in was reported as foreign"),
    Event.EMAIL_ASKED: _("A change of the e-mail was asked for"),
    Event.EMAIL_CHANGED: _("The e-mail was changed"),
    Event.EMAIL_UNDONE: _("The change of the e-mail was undone"),
    Event.DETAILS_CHANGED: _("Names or phone were changed"),
    Event.BLOCKED: _("The operator blocked the account"),
    Event.UNBLOCKED: _("The operator lifted the block of the account"),
    Event.FACTOR_RESET: _("The operator took the second step away"),
    Event.SHUT_OUT: _("The right password, while the account was blocked"),
}

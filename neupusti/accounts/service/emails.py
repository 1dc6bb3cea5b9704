"""The e-mails of accounts (4.1.7); their texts are in templates/accounts/mail/."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core.data.classification import Purpose
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.security import tokens
from neupusti.core.text.languages import Language

SECURE, SECURE_LIFE = "secure account", timedelta(days=7)
"""The link of every e-mail about the security of an account (`service.securing`)."""
EARLIER_SECURE = ("not me", "undo e-mail")
"""The same link in e-mails from before there was one for all."""
ALL_SECURE = (SECURE, *EARLIER_SECURE)

CONFIRM = EmailType(
    name="accounts.confirm",
    label=_("Confirm the e-mail of a new account"),
    purpose=Purpose.CONFIRMATION,
    while_blocked=True,
)
EXISTING = EmailType(
    name="accounts.existing",
    label=_("Somebody tried to register with your e-mail"),
    while_blocked=True,
)
RESET = EmailType(
    name="accounts.reset", label=_("A link to set a new password"), while_blocked=True
)
UNKNOWN = EmailType(
    name="accounts.unknown",
    label=_("There is no account with this e-mail"),
    while_blocked=True,
)
PASSWORD_CHANGED = EmailType(
    name="accounts.password_changed",
    label=_("The password was changed"),
    while_blocked=True,
)
NEW_DEVICE = EmailType(
    name="accounts.new_device", label=_("A sign-in from a new device"), while_blocked=True
)
SECOND_FACTOR_ON = EmailType(
    name="accounts.factor_on",
    label=_("Two-step verification was turned on"),
    while_blocked=True,
)
SECOND_FACTOR_OFF = EmailType(
    name="accounts.factor_off",
    label=_("Two-step verification was turned off"),
    while_blocked=True,
)
SECOND_FACTOR_RESET = EmailType(
    name="accounts.factor_reset",
    label=_("The operator turned off two-step verification"),
    while_blocked=True,
)
RECOVERY_CODE_USED = EmailType(
    name="accounts.code_spent", label=_("A recovery code was used"), while_blocked=True
)
RECOVERY_CODES_MADE = EmailType(
    name="accounts.codes_made", label=_("New recovery codes were made"), while_blocked=True
)
LOCKED = EmailType(
    name="accounts.locked",
    label=_("The account was locked at your request"),
    while_blocked=True,
)
EMAIL_CONFIRM = EmailType(
    name="accounts.email_confirm",
    label=_("Confirm a new e-mail of your account"),
    purpose=Purpose.CONFIRMATION,
    while_blocked=True,
)
EMAIL_USED = EmailType(
    name="accounts.email_used",
    label=_("Somebody wanted to give an account your e-mail"),
    while_blocked=True,
)
EMAIL_CHANGED = EmailType(
    name="accounts.email_changed",
    label=_("The e-mail of your account was changed"),
    while_blocked=True,
)
EMAIL_UNDONE = EmailType(
    name="accounts.email_undone",
    label=_("The change of the e-mail was undone"),
    while_blocked=True,
)
SUSPENDED = EmailType(
    name="accounts.blocked",
    label=_("The operator blocked your account"),
    while_blocked=True,
)
STILL_SUSPENDED = EmailType(
    name="accounts.still_blocked",
    label=_("No link: your account is blocked"),
    while_blocked=True,
)
REINSTATED = EmailType(
    name="accounts.unblocked", label=_("Your account is unblocked"), while_blocked=True
)
WITHDRAWN = EmailType(
    name="accounts.withdrawn", label=_("You withdrew a consent"), while_blocked=True
)

ALL = (
    *(CONFIRM, EXISTING, RESET, UNKNOWN, PASSWORD_CHANGED, NEW_DEVICE),
    *(SECOND_FACTOR_ON, SECOND_FACTOR_OFF, SECOND_FACTOR_RESET, RECOVERY_CODE_USED),
    *(RECOVERY_CODES_MADE, LOCKED),
    *(SUSPENDED, STILL_SUSPENDED, REINSTATED),
    *(EMAIL_CONFIRM, EMAIL_USED, EMAIL_CHANGED, EMAIL_UNDONE, WITHDRAWN),
)


def send(
    session: Session,
    kind: EmailType,
    person: Person,
    values: Mapping[str, Any] | None = None,
    to: str | None = None,
) -> None:
    """Enqueue an e-mail to `person` in their language, in the open write transaction.

    `to` is another address of theirs than that of the account.
    """
    recipient = Recipient(
        email=to or person.email, language=Language(person.language), person=person.id
    )
    enqueue(session, kind, recipient, key=unique_key(kind), values=values)


def way_back(session: Session, person: int, since: datetime) -> dict[str, str]:
    """Return the template value of the link that undoes what was done from `since` on."""
    row, token = tokens.issue_row(session, SECURE, SECURE_LIFE, person=person)
    row.since = since
    return {"secure": token}


def unique_key(kind: EmailType) -> str:
    """Return an idempotency key for an e-mail about an action without a number."""
    return f"{kind.name}:{token_urlsafe(18)}"

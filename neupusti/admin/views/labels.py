"""The labels of the codes of the journals and of the outbox."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.core.mail.models import OutboxState
from neupusti.core.records.journal import ActorKind, Operation
from neupusti.core.registry import registry

OPERATIONS = {
    Operation.COLLECTION: _("collection"),
    Operation.RECORDING: _("recording"),
    Operation.SYSTEMATISATION: _("systematisation"),
    Operation.ACCUMULATION: _("accumulation"),
    Operation.STORAGE: _("storage"),
    Operation.UPDATING: _("updating"),
    Operation.ALTERATION: _("alteration"),
    Operation.RETRIEVAL: _("retrieval"),
    Operation.USE: _("use"),
    Operation.DISSEMINATION: _("dissemination"),
    Operation.PROVISION: _("provision"),
    Operation.ACCESS: _("access"),
    Operation.DEPERSONALISATION: _("depersonalisation"),
    Operation.BLOCKING: _("blocking"),
    Operation.DELETION: _("deletion"),
    Operation.DESTRUCTION: _("destruction"),
}
ACTORS = {
    ActorKind.PERSON: _("the person"),
    ActorKind.STAFF: _("staff"),
    ActorKind.SYSTEM: _("the site by itself"),
    ActorKind.OPERATOR: _("a command on the server"),
    ActorKind.COURIER: _("who delivers"),
}
STATES = {
    OutboxState.QUEUED: _("waiting"),
    OutboxState.HANDING: _("being handed over"),
    OutboxState.SENT: _("sent"),
    OutboxState.KEPT: _("kept here"),
    OutboxState.REFUSED: _("not sent"),
    OutboxState.UNSURE: _("not certain"),
}
DUTIES = {
    "6.2.1": _("Use data only for the stated purposes"),
    "6.2.2": _("Keep data secret"),
    "6.2.3": _("Protect data"),
    "6.2.4": _("Block data as soon as an error or a breach is reported"),
}


def staff_actions() -> dict[str, LazyString]:
    """Return the labels of staff actions by their codes."""
    return {action.code: action.label for action in registry().staff_actions}


def email(kind: str) -> str | LazyString:
    """Return the label of an e-mail type."""
    labels = {email_type.name: email_type.label for email_type in registry().emails}
    return labels.get(kind, kind)

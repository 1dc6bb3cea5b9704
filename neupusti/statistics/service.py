"""Log staff actions on the access log: unmasking an address, exporting requests (3.3.2)."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.database import writing
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action

UNMASKED = StaffActionType("access.unmasked", _("Viewed a full address of the log"))
EXPORTED = StaffActionType("access.exported", _("Exported requests of the log"))


def log_unmasking(*, staff: int | None, record: int, reason: str) -> None:
    """Log that a member of staff saw the address of a row, and for what reason."""
    _log(UNMASKED, Operation.ACCESS, f"address of request {record}", staff, reason)


def log_export(*, staff: int | None, rows: int, whole: bool, reason: str) -> None:
    """Log that a member of staff exported rows, and whether addresses were masked."""
    what = f"{rows} requests, addresses {'whole' if whole else 'masked'}"
    _log(EXPORTED, Operation.RETRIEVAL, what, staff, reason)


def _log(
    action: StaffActionType, operation: Operation, what: str, staff: int | None, reason: str
) -> None:
    with writing() as session:
        log_staff_action(
            session,
            staff=staff,
            action=action,
            operation=operation,
            what=what,
            reason=reason,
        )

"""Approve and publish, by a member of staff, the very text and terms that were read."""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.policy.models import Edition, EditionState, digest
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import EditionError

APPROVED = StaffActionType("policy.approved", _("Approved a draft of the policy"))
BY = "staff"
"""Who approved it, an office; the journal has the member of staff."""


class ChangedError(EditionError):
    """The draft is not what was read, or its approval is void."""


def find(number: int) -> Edition | None:
    """Return the edition in row `number`, or None."""
    return db.session.get(Edition, number)


def digest_of(edition: Edition) -> str:
    """Return the digest of what is read of an edition: text, kind, moment and note."""
    moment = edition.effective_from.isoformat()
    return digest(f"{edition.sha256}\n{edition.kind}\n{moment}\n{edition.note}")


def approve(number: int, read: str, *, staff: int) -> None:
    """Approve the draft; raise ChangedError if its digest is not `read` any more."""
    with writing() as session:
        edition, _texts = _read(session, number, read, EditionState.DRAFT)
        edition.approve(BY, clock.now())
        name = f"{edition.date} «{edition.language}» ({edition.source})"
        what = f"{name}, {edition.sha256[:12]}"
        log_staff_action(session, staff=staff, action=APPROVED, what=what)


def publish(number: int, read: str, *, staff: int, reason: str) -> None:
    """Publish the approved draft; raise EditionError as `editions.publish` does."""
    with writing() as session:
        edition, texts = _read(session, number, read, EditionState.APPROVED)
        editions.release(session, edition, texts, by=BY, reason=reason, staff=staff)
    edition_store.invalidate()


def _read(
    session: Session, number: int, read: str, state: EditionState
) -> tuple[Edition, list[Edition]]:
    """Return the edition and all texts of its date, locked; raise ChangedError."""
    edition = session.get(Edition, number)
    texts = editions.locked(session, edition.date) if edition else []
    if edition is not None:
        session.refresh(edition)
    if edition is None or digest_of(edition) != read or edition.state is not state:
        raise ChangedError("The draft has changed since it was read.")
    return edition, texts

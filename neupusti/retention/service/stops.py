"""Sweeps that stopped: staff are told once, and allow them or not (5.1)."""

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.retention.service.errors import NoStopError
from neupusti.staff import queries as staff_queries

STOPPED = EmailType(
    name="retention.stopped", label=_("A sweep would destroy very much, and asks")
)
ALLOWED = StaffActionType("retention.allowed", _("Let a sweep destroy very much"))


def tell() -> None:
    """Write one e-mail about each new stop to each holder of `privacy`."""
    with writing() as session:
        untold = select(SweepStop).filter_by(told_at=None).with_for_update()
        new = list(session.scalars(untold))
        if not new:
            return
        labels = {rule.code: rule.label for rule in registry().retention}
        for holder in session.scalars(staff_queries.holders(Permission.PRIVACY)).all():
            to = Recipient(
                email=holder.email, language=Language(holder.language), person=holder.id
            )
            key = f"{STOPPED.name}:{new[0].id}:{holder.id}"
            values = {"stops": new, "labels": labels}
            enqueue(session, STOPPED, to, key=key, values=values)
        for stop in new:
            stop.told_at = clock.now()


def allow(rule: str, staff: int | None, reason: str) -> None:
    """Let the next sweeps by a rule destroy what is due; raise NoStopError."""
    now = clock.now()
    allowed = (
        update(SweepStop)
        .filter_by(rule=rule, allowed_at=None, over_at=None)
        .values(allowed_at=now)
        .returning(SweepStop.id)
    )
    if rule not in {one.code for one in registry().retention}:
        raise NoStopError
    with writing() as session:
        if session.scalar(allowed) is None:
            raise NoStopError
        log_staff_action(
            session,
            staff=staff,
            action=ALLOWED,
            operation=Operation.DESTRUCTION,
            what=rule,
            reason=reason,
        )

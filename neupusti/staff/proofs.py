"""Proofs about what staff did."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, exists, select

from neupusti.accounts.models import SecondFactor, SignIn
from neupusti.core.proofs.proof import AnyProof, Proof
from neupusti.core.records.journal import StaffAction
from neupusti.core.records.sealed import EMPTY
from neupusti.core.security.grants import StaffGrant
from neupusti.staff import queries
from neupusti.staff.service import access_audit, suspending

REASONED = [
    action.code
    for action in (
        *(queries.OPENED, queries.FOUND, access_audit.SEARCHED, access_audit.SIGNED_OUT),
        *(suspending.SUSPENDED, suspending.REINSTATED, access_audit.CONFIRMATION_SENT),
    )
]
"""The acts whose form demands a reason."""
_SESSIONS = (
    select(
        SignIn.remember_digest,
        SignIn.second_factor_at,
        exists()
        .where(SecondFactor.person == SignIn.person, SecondFactor.confirmed_at.is_not(None))
        .label("has_factor"),
    )
    .where(
        SignIn.completed_at.is_not(None),
        exists().where(StaffGrant.person == SignIn.person, StaffGrant.ended_at.is_(None)),
    )
    .subquery()
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.1", "6.2.1"),
        name="people-opened-for-a-reason",
        says=_("Staff saw no person’s data without writing down what for."),
        rows=StaffAction,
        wrong=lambda rows: and_(rows.c.action.in_(REASONED), rows.c.sealed == EMPTY),
        forged={"action": queries.OPENED.code, "sealed": EMPTY},
        right={"action": queries.OPENED.code, "sealed": "digest"},
    ),
    Proof(
        clauses=("1.1.1",),
        name="staff-with-a-code",
        says=_(
            "No member of staff with two-step verification is signed in without its code."
        ),
        rows=_SESSIONS,
        wrong=lambda rows: and_(rows.c.has_factor, rows.c.second_factor_at.is_(None)),
        forged={"has_factor": True},
        right={"has_factor": False},
    ),
    Proof(
        clauses=("1.1.1",),
        name="staff-not-remembered",
        says=_("No browser keeps a member of staff signed in."),
        rows=_SESSIONS,
        wrong=lambda rows: rows.c.remember_digest.is_not(None),
        forged={"remember_digest": "digest"},
        right={},
    ),
)

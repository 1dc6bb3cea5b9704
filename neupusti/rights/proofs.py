"""Proofs about rights: an account that was said to be broken into is shut (5.5)."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, or_, select

from neupusti.accounts.models import Credential, SignIn
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Proof
from neupusti.core.records.journal import SecurityEvent

_SHUT = (
    select(
        SecurityEvent.at,
        SignIn.created_at.label("session_of"),
        Credential.password_hash,
        Credential.changed_at.label("password_of"),
    )
    .outerjoin(SignIn, SignIn.person == SecurityEvent.person)
    .outerjoin(Credential, Credential.person == SecurityEvent.person)
    .where(SecurityEvent.kind == SecurityEventKind.EMERGENCY.value)
    .subquery()
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("5.5",),
        name="shut-where-broken-into",
        says=_("Where a break-in was reported, no session and no password is from before."),
        rows=_SHUT,
        wrong=lambda rows: or_(
            rows.c.session_of < rows.c.at,
            and_(rows.c.password_hash.is_not(None), rows.c.password_of < rows.c.at),
        ),
        forged={"at": LATER, "session_of": EARLIER},
        right={"at": LATER, "password_of": EARLIER},
        secrecy=True,
    ),
)

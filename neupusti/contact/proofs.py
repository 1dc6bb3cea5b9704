"""Proofs about questions to the shop."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, or_, select

from neupusti.contact.models import PREFIX, Author, ContactMessage, ContactRequest
from neupusti.core.proofs import columns
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Proof
from neupusti.core.records.consents import FormConsent

_CONSENTS = (
    select(ContactRequest.asked_at, FormConsent.at, FormConsent.form, FormConsent.ends)
    .join(FormConsent, FormConsent.id == ContactRequest.consent)
    .subquery()
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("4.1.3", "4.1.8"),
        name="questions-numbered",
        says=_("Each question has its number, and is found by the e-mail it came with."),
        rows=ContactRequest,
        wrong=lambda rows: or_(
            rows.c.number.not_like(f"{PREFIX}-%"),
            columns.no_key(rows.c.email, rows.c.email_key),
        ),
        forged={"number": "", "email": "A@example.kz", "email_key": "a@example.kz"},
        right={"number": "NC-1", "email": "A@example.kz", "email_key": "a@example.kz"},
    ),
    Proof(
        clauses=("2.1", "4.1.3"),
        name="questions-with-consent",
        says=_("Each question carries the consent of its own form, given before it."),
        rows=_CONSENTS,
        wrong=lambda rows: or_(
            rows.c.at > rows.c.asked_at, rows.c.form != "contact", rows.c.ends.is_not(None)
        ),
        forged={"asked_at": EARLIER, "at": LATER, "form": "contact"},
        right={"asked_at": LATER, "at": EARLIER, "form": "contact"},
    ),
    Proof(
        clauses=("1.1.1",),
        name="answers-signed",
        says=_("Each answer and note names the member of staff who wrote it."),
        rows=ContactMessage,
        wrong=lambda rows: and_(
            rows.c.author != Author.PERSON.value, rows.c.staff.is_(None)
        ),
        forged={"author": Author.STAFF.value},
        right={"author": Author.PERSON.value},
    ),
)

"""Proofs about core's own tables: letters, journals and consents."""

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from neupusti.core import schema_proofs
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs import chains, columns, texts, triggers
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Proof
from neupusti.core.records import journal
from neupusti.core.records.chain import START
from neupusti.core.records.consents import ConsentText, FormConsent, digest
from neupusti.core.records.journal import Operation, ProcessingEvent, StaffAction
from neupusti.core.registry import registry
from neupusti.core.security.tokens import Token

NAMES_SOMEBODY = r"@|[0-9][0-9 ()]{8,}[0-9]"
"""Matches an address, and a phone however it is divided, but no number of an order."""

_given, _ended = aliased(FormConsent), aliased(FormConsent)
_WITHDRAWN = (
    select(
        _given.at.label("given_at"),
        _given.email_hash.label("given_by"),
        _given.wording.label("given_to"),
        _given.ends.label("ends"),
        _ended.at.label("ended_at"),
        _ended.email_hash.label("ended_by"),
        _ended.wording.label("ended_to"),
    )
    .join(_ended, _ended.ends == _given.id)
    .subquery()
)
_CONSENT = {"given_by": "a", "given_to": "b", "ended_by": "a", "ended_to": "b"}

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.3",),
        name="operations",
        says=_("Each recorded operation on the Data is one of the sixteen of the clause."),
        rows=ProcessingEvent,
        wrong=lambda rows: rows.c.operation.not_in([one.value for one in Operation]),
        forged={"operation": "sale"},
        right={"operation": Operation.USE.value},
    ),
    Proof(
        clauses=("4.1.7",),
        name="types-of-emails",
        says=_("Each e-mail is of a type that this site lists to its recipients."),
        rows=OutboxEmail,
        wrong=lambda rows: rows.c.kind.not_in([one.name for one in registry().emails]),
        forged={"kind": "core.undeclared"},
        right={"kind": lambda: next(iter(registry().emails)).name},
    ),
    Proof(
        clauses=("1.1.4",),
        name="subjects-name-nobody",
        says=_("The subject of no e-mail names an address or a phone."),
        rows=OutboxEmail,
        wrong=lambda rows: rows.c.subject.regexp_match(NAMES_SOMEBODY),
        forged={"subject": "+7 701 000 00 09"},
        right={"subject": "NP-261122-7K3F-5"},
        # A regular expression takes SQLite some microseconds a row.
        seconds=10.0,
        secrecy=True,
    ),
    Proof(
        clauses=("4.1.7",),
        name="emails-found-by-address",
        says=_("Each stored e-mail is found by the address it went to."),
        rows=OutboxEmail,
        wrong=lambda rows: columns.no_key(rows.c.recipient, rows.c.recipient_key),
        forged={"recipient": "A@example.kz", "recipient_key": "b@example.kz"},
        right={"recipient": "A@example.kz", "recipient_key": "a@example.kz"},
    ),
    Proof(
        clauses=("4.1.5",),
        name="links-end",
        says=_("Each link of an e-mail has an end, and none was used after it."),
        rows=Token,
        wrong=lambda rows: or_(
            rows.c.expires_at < rows.c.created_at, rows.c.used_at > rows.c.expires_at
        ),
        forged={"created_at": LATER, "expires_at": EARLIER},
        right={"created_at": EARLIER, "expires_at": LATER},
    ),
    Proof(
        clauses=("1.1.1",),
        name="reasons-sealed",
        says=_("No reason of an act of staff stands where it could never be destroyed."),
        rows=StaffAction,
        wrong=lambda rows: or_(rows.c.reason != "", rows.c.sealed.is_(None)),
        forged={"reason": "words", "sealed": ""},
        right={"reason": "", "sealed": ""},
    ),
    chains.sound_check(
        journal.ACTIONS,
        lambda row: digest(f"{START}\n{journal.ACTIONS.encode_former(row)}"),
        clauses=("1.1.1",),
        name="journal-unchanged",
        says=_(
            "No act of staff in the journal was changed, added or taken out afterwards."
        ),
    ),
    chains.head_check(
        journal.HEAD,
        StaffAction,
        clauses=("1.1.1",),
        name="journal-not-cut",
        says=_("The journal of staff goes on from where it stood an hour ago."),
    ),
    triggers.kept_check(
        (
            *("processing_event", "staff_action", "act_words", "security_event"),
            *("evidence_wording", "consent_evidence"),
        ),
        clauses=("1.1.1", "1.1.3", "2.1"),
        name="journals-kept",
        says=_("The database itself refuses to change a journal or a consent."),
    ),
    texts.stored_check(
        select(ConsentText.text, ConsentText.sha256),
        clauses=("2.1",),
        name="consent-texts-unchanged",
        says=_(
            "The text of each consent is, letter by letter, the one that was agreed to."
        ),
    ),
    Proof(
        clauses=("2.1", "6.1.1"),
        name="withdrawals-match",
        says=_("Each withdrawal ends a consent of the same person, given before it."),
        rows=_WITHDRAWN,
        wrong=lambda rows: or_(
            rows.c.ended_at < rows.c.given_at,
            rows.c.ended_by != rows.c.given_by,
            rows.c.ended_to != rows.c.given_to,
            rows.c.ends.is_not(None),
        ),
        forged={**_CONSENT, "given_at": LATER, "ended_at": EARLIER},
        right={**_CONSENT, "given_at": EARLIER, "ended_at": LATER},
    ),
    *schema_proofs.ALL,
)

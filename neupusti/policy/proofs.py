"""Proofs about the editions of the policy, and the consents that name one."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import Integer, and_, cast, func, or_, select

from neupusti.core.proofs import texts, triggers
from neupusti.core.proofs.proof import EARLIER, LATER, SOME, AnyProof, Check, Looking, Proof
from neupusti.core.records.consents import FormConsent
from neupusti.policy.models import Edition, EditionKind
from neupusti.policy.service import parser, stated_dates

EDITORIAL = EditionKind.EDITORIAL.value
_EDITIONS = (
    select(
        func.min(Edition.effective_from).label("first_from"),
        func.max(Edition.effective_from).label("last_from"),
        func.max(func.length(Edition.note), type_=Integer).label("note"),
        func.sum(cast(Edition.kind != EDITORIAL, Integer)).label("material"),
    )
    .where(Edition.published_at.is_not(None))
    .group_by(Edition.date, Edition.source)
    .subquery()
)
_FIRST = (
    select(Edition.date, func.min(Edition.published_at).label("published_at"))
    .group_by(Edition.date)
    .subquery()
)
_CONSENTS = (
    select(FormConsent.at, _FIRST.c.published_at)
    .outerjoin(_FIRST, _FIRST.c.date == FormConsent.edition)
    .subquery()
)


class Dated(NamedTuple):
    """The text of an edition, and the date under which it was published."""

    text: str
    date: date


def _dated(looking: Looking) -> Iterator[Dated]:
    published = select(Edition.text, Edition.date).where(Edition.published_at.is_not(None))
    yield from (Dated(*row) for row in looking.main.execute(published))


def _is_misdated(edition: Dated) -> bool:
    """Return whether a text states another date of itself; some state none."""
    own = stated_dates.own_date(parser.parse(edition.text))
    return own is not None and own.day != edition.date


def _stating(moment: datetime) -> Dated:
    text = f"Policy\n\n1. Editions\n\n1.1. The policy was updated on {moment:%Y-%m-%d}.\n"
    return Dated(text, EARLIER.date())


ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("2.1", "9.2"),
        name="consents-under-an-edition",
        says=_("Each consent names an edition of the policy that was published by then."),
        rows=_CONSENTS,
        wrong=lambda rows: or_(
            rows.c.published_at.is_(None), rows.c.at < rows.c.published_at
        ),
        forged={"at": EARLIER, "published_at": LATER},
        right={"at": LATER, "published_at": EARLIER},
    ),
    texts.stored_check(
        select(Edition.text, Edition.sha256),
        clauses=("9.1", "9.3"),
        name="editions-unchanged",
        says=_("Each edition of the policy is, letter by letter, the one that was stored."),
    ),
    triggers.kept_check(
        ("policy_edition",),
        clauses=("9.1",),
        name="editions-kept",
        says=_("The database itself refuses to change a published edition."),
    ),
    Proof(
        clauses=("9.1",),
        name="changes-explained",
        says=_("Each edition that changes more than the wording says what changes."),
        rows=_EDITIONS,
        wrong=lambda rows: and_(rows.c.material > 0, rows.c.note == 0),
        forged={"material": SOME, "note": 0},
        right={"material": SOME, "note": SOME},
    ),
    Proof(
        clauses=("9.2",),
        name="one-moment-for-all-languages",
        says=_("Each edition takes effect at the same moment in all its languages."),
        rows=_EDITIONS,
        wrong=lambda rows: rows.c.first_from != rows.c.last_from,
        forged={"first_from": EARLIER, "last_from": LATER},
        right={"first_from": EARLIER, "last_from": EARLIER},
    ),
    Check(
        clauses=("9.4",),
        name="dates-as-stated",
        says=_("Each edition is of the date that its own text states."),
        items=_dated,
        wrong=_is_misdated,
        forged=lambda: _stating(LATER),
        right=lambda: _stating(EARLIER),
        seconds=10.0,
    ),
    Proof(
        clauses=("9.1",),
        name="approved-before-published",
        says=_("No edition was published before somebody had approved it."),
        rows=Edition,
        wrong=lambda rows: and_(
            rows.c.published_at.is_not(None),
            or_(rows.c.approved_at.is_(None), rows.c.approved_at > rows.c.published_at),
        ),
        forged={"published_at": EARLIER, "approved_at": LATER},
        right={"published_at": LATER, "approved_at": EARLIER},
    ),
)

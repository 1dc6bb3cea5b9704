"""The preview: what goes, what stays, why and until when, and its fingerprint (6.1.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Fate, Hold
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import ActWords, SecurityEvent
from neupusti.core.registry import registry
from neupusti.core.security.tokens import Token
from neupusti.erasure.service.fates import Fated, fated
from neupusti.orders.models.order import ShopOrder
from neupusti.rights.models import DataRequest, RightsPass
from neupusti.rights.service import terms

WHY = {
    Fate.COLUMNS: _("It stays as proof, without what identifies you"),
    Fate.EVIDENCE: _("It proves what was done; it has numbers and identifies nobody"),
}
TRACES = (OutboxEmail, Token, SecurityEvent, ActWords, RightsPass, DataRequest)
"""What using these very pages writes: no change of what was confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Rows that stay: by a law, or as evidence that identifies nobody."""

    rows: int
    why: str | LazyString
    what: str | LazyString
    until: str
    """Text, for evidence; else empty."""
    day: date | None = None
    """The last day of a hold; None: it has none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What becomes of the rows of one table."""

    name: str
    goes: int
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a destruction would do now."""

    sections: tuple[Section, ...]
    fingerprint: str
    open_matters: tuple[str, ...]
    """What still needs the data, such as an open order."""


def plan(session: Session, whose: Whose) -> Plan:
    """Return what would become of everything about `whose`, at this moment."""
    needs = registry().needs_data(whose.person) if whose.person is not None else []
    tables = sorted(fated(whose), key=lambda one: one.holding.order)
    found = (_section(session, one) for one in tables)
    return Plan(
        sections=tuple(one for one in found if one.goes or one.kept),
        fingerprint=fingerprint(session, whose),
        open_matters=tuple(dict.fromkeys([*needs, *_open_orders(session, whose)])),
    )


def fingerprint(session: Session, whose: Whose) -> str:
    """Return the SHA-256 of every row and its fate; parts of a row go as that row does."""
    digest = sha256()
    for one in fated(whose):
        evidence = one.holding.fate is Fate.EVIDENCE
        if not (evidence or one.goes_along or one.holding.model in TRACES):
            key = one.table.primary_key.columns
            goes = case((one.shown_to_go, 1), else_=0)
            told = one.holding.told(one.table)
            rows = select(*key, goes).where(one.own, told).order_by(*key)
            for row in session.execute(rows):
                digest.update(f"{one.table.name} {tuple(row)}\n".encode())
    return digest.hexdigest()


def by_law(session: Session, one: Fated) -> Iterator[tuple[Hold, int, date | None]]:
    """Yield each hold in force on their rows: how many it keeps, and its last day.

    Placed holds are left out: a document may forbid to tell of one.
    """
    if one.holding.fate is not Fate.ROW or one.goes_along:
        return
    shipped = (hold for hold in registry().holds_of(one.table) if not hold.placed)
    for hold in shipped:
        until = hold.until(one.table)
        found = select(func.count(), func.count(until), func.max(until))
        found = found.select_from(one.table).where(one.own, hold.rows(one.table))
        rows, dated, last = session.execute(found).one()
        if rows:
            yield hold, rows, _day(last) if dated == rows else None


def _open_orders(session: Session, whose: Whose) -> Iterator[str]:
    """Yield the numbers of open orders, those without an account too."""
    for one in fated(whose):
        if one.holding.model is ShopOrder:
            still = select(ShopOrder.number).where(one.own, ShopOrder.ended_at.is_(None))
            yield from session.scalars(still.order_by(ShopOrder.id))


def _section(session: Session, one: Fated) -> Section:
    count = select(func.count()).select_from(one.table)
    name = str(terms.name(one.holding))
    if one.holding.fate is Fate.ROW:
        gone = session.scalar(count.where(one.shown_to_go)) or 0
        kept = [
            Kept(rows=rows, why=hold.law, what=hold.says, until="", day=day)
            for hold, rows, day in by_law(session, one)
        ]
        return Section(name=name, goes=gone, kept=tuple(kept))
    rows = session.scalar(count.where(one.own)) or 0
    until = "; ".join(terms.sentences(one.table))
    stays = Kept(
        rows=rows, why=one.holding.why or WHY[one.holding.fate], what="", until=until
    )
    return Section(name=name, goes=0, kept=(stays,) if rows else ())


def _day(last: object) -> date | None:
    """Return the day of what a database computed: a day, a moment, or either as text."""
    if isinstance(last, str):
        last = datetime.fromisoformat(last) if " " in last else date.fromisoformat(last)
    if isinstance(last, datetime):
        last = last if last.tzinfo else last.replace(tzinfo=UTC)
        return last.astimezone(clock.ALMATY).date()
    return last if isinstance(last, date) else None

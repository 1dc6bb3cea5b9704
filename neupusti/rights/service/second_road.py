"""Search both databases for a person's address and phone, without trusting our own marks.

The search walks the live schema, so a table that nobody declared is searched as well. What
it finds and the export does not hold is a fault of one of the two: the export says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Numeric,
    String,
    Table,
    and_,
    cast,
    column,
    func,
    inspect,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.types import Boolean, Date, DateTime, Interval, Time, TypeEngine

from neupusti.core.data import finding, postgresql
from neupusti.core.data.file_table import FilePart
from neupusti.core.data.finding import PHONE_CLAUSE, Whose
from neupusti.core.data.migration import PARTITIONS
from neupusti.core.registry import registry
from neupusti.rights.service.snapshot import Snapshot

PHONE_DIGITS = 10
"""A phone is found by its last digits, however its beginning is written."""
CHUNK = 100
"""Needles or rows of one statement: SQLite takes no condition of a thousand parts."""
BETWEEN: ColumnElement[str] = literal_column("' '")
"""Between the texts of a row; no needle has it."""
NO_TEXT = (Numeric, Boolean, Date, DateTime, Time, Interval)
Keys = set[tuple[str, ...]]
Hits = dict[str, Keys]
"""Table -> the primary keys, as text, of the rows that hold a needle."""


class Found(NamedTuple):
    """What a search found."""

    by_needle: dict[str, Hits]
    """Needle that a row holds -> the rows."""

    @property
    def hits(self) -> Hits:
        """The rows that hold any needle."""
        return self.of(self.by_needle)

    def of(self, needles: Iterable[str]) -> Hits:
        """Return the rows that hold one of `needles`."""
        hits: Hits = {}
        for needle in self.by_needle.keys() & {*needles}:
            for name, keys in self.by_needle[needle].items():
                hits.setdefault(name, set()).update(keys)
        return hits


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What became of the hits that are not in the export."""

    kept: Mapping[str, int]
    """Table -> rows that are another person's: theirs to see."""
    outside: Mapping[str, int]
    """Table -> rows that nothing explains."""


def needles(data: Snapshot, whose: Whose) -> frozenset[str]:
    """Return what to search for: address and phones, as rows of the person hold them."""
    found = {whose.email_key, whose.phone}
    for holding in registry().holdings:
        known: Table = holding.model.__table__
        if any(not one.nullable for one in finding.subjects(known)):
            for phone in finding.contacts(known, PHONE_CLAUSE):
                found |= set(
                    data.main.scalars(select(phone).where(finding.own(known, whose)))
                )
    return frozenset(needle(text) for text in found if text)


def needle(text: str) -> str:
    """Return what to search for, of an address or a phone."""
    return text.lower() if "@" in text else text[-PHONE_DIGITS:]


@postgresql.whole_table()
def search(data: Snapshot, wanted: frozenset[str]) -> Found:
    """Find the rows of both databases in which a text holds one of the needles.

    Stored files are no rows: an export has those of its person, and an erasure looks into
    all of them as bytes. What a partition holds is read in its table.
    """
    found: dict[str, Hits] = {}
    for connection in (data.main, data.access):
        on_server = connection.dialect.name == "postgresql"
        partitions = frozenset(connection.scalars(PARTITIONS) if on_server else ())
        for name in inspect(connection).get_table_names():
            if name in partitions or name.startswith(FilePart.__tablename__):
                continue
            for key, body in _rows(connection, name, sorted(wanted)):
                # What SQL alone finds in a row may be any of them.
                for one in [one for one in wanted if one.encode() in body] or wanted:
                    found.setdefault(one, {}).setdefault(name, set()).add(key)
    return Found(found)


def outside(data: Snapshot, whose: Whose, left: Hits) -> Searched:
    """Tell what the hits that are `left` are, once those in the export are taken out."""
    known: dict[str, Table] = {
        one.model.__table__.name: one.model.__table__ for one in registry().holdings
    }
    kept, unexplained = {}, {}
    for name, rows in left.items():
        others = _of_others(data.main, known[name], whose, rows) if name in known else set()
        if others:
            kept[name] = len(others)
        if more := len(rows - others):
            unexplained[name] = more
    return Searched(kept=kept, outside=unexplained)


def _rows(
    connection: Connection, name: str, wanted: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yield the key and the texts, in lower case, of each row that holds a needle."""
    schema, on_sqlite = inspect(connection), connection.dialect.name == "sqlite"
    key = schema.get_pk_constraint(name)["constrained_columns"]
    chosen: list[Any] = [column(part) for part in key]
    if not chosen:
        chosen = [literal_column("rowid" if on_sqlite else "ctid::text").label("row")]
    texts: list[ColumnElement[str]] = [
        func.coalesce(_text(one["name"], one["type"], on_sqlite=on_sqlite), "")
        for one in schema.get_columns(name)
        if not isinstance(one["type"], NO_TEXT)
    ]
    if not texts:
        return
    whole = reduce(lambda left, right: left + BETWEEN + right, texts)
    rows = select(*chosen, func.lower(whole).label("body")).select_from(table(name))
    # By the offset the text is put together once a row, not once for each needle.
    *keys, body = rows.offset(0).subquery().c
    place = func.instr if on_sqlite else func.strpos
    # Bytes of a picture are no text that SQLite's driver could decode.
    read = cast(body, LargeBinary) if on_sqlite else body
    for start in range(0, len(wanted), CHUNK):
        holds = [place(body, one) > 0 for one in wanted[start : start + CHUNK]]
        for row in connection.execute(select(*keys, read).where(or_(*holds))):
            *values, text = row
            yield tuple(map(str, values)), text if on_sqlite else text.encode()


def _text(name: str, kind: TypeEngine[Any], *, on_sqlite: bool) -> ColumnElement[str]:
    if isinstance(kind, LargeBinary) and not on_sqlite:
        return func.encode(column(name), "escape")
    return cast(column(name), String)


def _of_others(connection: Connection, known: Table, whose: Whose, rows: Keys) -> Keys:
    """Return those of `rows` that are another's, or that nobody is shown."""
    keys, listed, found = list(known.primary_key.columns), sorted(rows), set()
    another = or_(finding.of_another(known, whose), _unseen(known, whose))
    for start in range(0, len(listed), CHUNK):
        chosen = or_(
            *(
                and_(*(cast(k, String) == v for k, v in zip(keys, row, strict=True)))
                for row in listed[start : start + CHUNK]
            )
        )
        found |= {
            tuple(map(str, row))
            for row in connection.execute(select(*keys).where(chosen, another))
        }
    return found


def _unseen(known: Table, whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the rows that are about `whose` and shown to nobody."""
    [holding] = [one for one in registry().holdings if one.model.__table__ is known]
    return and_(finding.own(known, whose), ~holding.shown(whose))

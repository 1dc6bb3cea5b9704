"""Which rows the holds in force keep, those of the manifests and the placed ones (5.1)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    FromClause,
    Select,
    Table,
    and_,
    case,
    false,
    func,
    or_,
    select,
)

from neupusti.core.data import finding
from neupusti.core.data.classification import classification
from neupusti.core.data.database import Base
from neupusti.core.keeping import Hold
from neupusti.core.records.holds import PlacedHold, in_force

PLACED = "placed"
LAW = _("an order of an authority or a court, named in each hold")
ON_PERSON = PlacedHold.number.is_(None)
SAYS = _("The Data of a person, or an order, on which a hold is placed")


def of(table: Table, shipped: Iterable[Hold], *, at_term: bool = False) -> Iterator[Hold]:
    """Yield the holds on rows of `table`, and those on the rows that they belong to.

    `columns` of each are those that stay in `table`. `at_term`: those that count at the end
    of a term of its own, which what is kept of another row by column does not lengthen.
    """
    shipped = tuple(shipped)
    for hold in (*shipped, *_placed(table)):
        if hold.model.__table__ is table:
            yield replace(hold, columns=hold.of(table))
    for key in finding.parents(table):
        for hold in of(key.column.table, shipped):
            if hold.whole or not at_term:
                yield _along(key, hold)


def keeps(
    rows: FromClause, holds: Iterable[Hold], columns: Collection[str] = ()
) -> ColumnElement[bool]:
    """Return the condition that one of `holds` keeps a row, never NULL.

    With `columns` only a hold counts that keeps one of them.
    """
    found = [
        hold.rows(rows) for hold in holds if not columns or {*columns} & {*hold.columns}
    ]
    return func.coalesce(or_(*found), false()) if found else false()


def on_order(number: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a placed hold in force is on the order `number`."""
    numbers = select(PlacedHold.number).where(in_force(), PlacedHold.number.is_not(None))
    return number.in_(numbers)


def last_day(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return the last day of the placed holds in force that are meant; NULL: none yet."""
    last = case((func.count() == func.count(PlacedHold.until), func.max(PlacedHold.until)))
    return select(last).where(in_force(), condition).scalar_subquery()


def _placed(table: Table) -> Iterator[Hold]:
    """Yield the hold that is placed on people, for a table with a number or an address."""
    subjects = finding.subjects(table)
    addresses = _addresses(table)
    if not (subjects or addresses) or table.metadata is not Base.metadata:
        return
    model = next(m.class_ for m in Base.registry.mappers if m.local_table is table)

    def placed(rows: FromClause) -> ColumnElement[bool]:
        people = select(PlacedHold.person).where(in_force(), ON_PERSON)
        theirs = [rows.c[column.key].in_(people) for column in subjects]
        owned = _owners(_accounts().c.id.in_(people), _accounts().c.email_key)
        nobodys = [rows.c[column.key].is_(None) for column in subjects]
        by_address = (key(rows).in_(owned) for key in addresses)
        return or_(*theirs, *(and_(*nobodys, one) for one in by_address))

    def until(rows: FromClause) -> ColumnElement[Any]:
        given = [PlacedHold.person == rows.c[column.key] for column in subjects]
        keys = [_accounts().c.email_key == key(rows) for key in addresses]
        nobodys = [rows.c[column.key].is_(None) for column in subjects]
        if keys:
            owners = _owners(or_(*keys), _accounts().c.id)
            given.append(and_(*nobodys, PlacedHold.person.in_(owners)))
        return last_day(ON_PERSON & or_(*given))

    yield Hold(
        code=PLACED,
        clause="5.1",
        law=LAW,
        says=SAYS,
        model=model,
        rows=placed,
        until=until,
        whole=True,
        placed=True,
    )


def _addresses(table: Table) -> list[Callable[[FromClause], ColumnElement[str]]]:
    """Return how to find the keys of the addresses in a row that may have no number."""
    if not all(column.nullable for column in finding.subjects(table)):
        return []
    marks = [(c, classification(c)) for c in finding.contacts(table, finding.EMAIL_CLAUSE)]
    return [
        partial(_address, name=column.key, is_key=mark.derived)
        for column, mark in marks
        if mark and not mark.keyed_by
    ]


def _address(rows: FromClause, *, name: str, is_key: bool) -> ColumnElement[str]:
    return rows.c[name] if is_key else func.lower(rows.c[name])


def _accounts() -> Table:
    """Return the table of those who may have proved an address."""
    return Base.metadata.tables["person"]


def _owners(condition: ColumnElement[bool], column: ColumnElement[Any]) -> Select[Any]:
    """Select a column of the accounts whose address was proved."""
    return select(column).where(condition, _accounts().c.confirmed_at.is_not(None))


def _along(key: ForeignKey, hold: Hold) -> Hold:
    """Return `hold` as it holds what belongs to the row that `key` refers to."""
    table: Table = key.parent.table
    parent, own = key.column.table.alias(), key.parent.key
    model = next(m.class_ for m in Base.registry.mappers if m.local_table is table)
    number = parent.c[key.column.key]
    return replace(
        hold,
        model=model,
        rows=lambda rows: rows.c[own].in_(select(number).where(hold.rows(parent))),
        until=lambda rows: (
            select(hold.until(parent)).where(number == rows.c[own]).scalar_subquery()
        ),
        columns=hold.of(table) if hold.whole else (),
    )

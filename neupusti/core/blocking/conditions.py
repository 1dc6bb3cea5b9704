"""Which rows an open block covers: one condition for views, guards, sweeps and queries."""

from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)

from neupusti.core.blocking.models import OPEN, OPEN_FIELD, DataBlock
from neupusti.core.data import finding
from neupusti.core.data.finding import Among

TABLE = cast("Table", DataBlock.__table__)
CONTESTABLE = "contestable"
"""In `Table.info`: the columns whose values people may contest."""


def covered(table: Table) -> ColumnElement[bool]:
    """Return the condition of the rows of `table` that no sweep may change or destroy.

    It is never NULL, so that `~covered(table)` are all the others.
    """
    return func.coalesce(untouchable(table), false())


def untouchable(table: Table, *, of_one_row: bool = False) -> ColumnElement[bool]:
    """Return the condition of the rows that are blocked, or in which a value is contested.

    Of the first every use is refused, of the second a change and a destruction.
    """
    among = blocked(of_one_row=of_one_row)
    condition = finding.own(table, among)
    if CONTESTABLE not in table.info:
        return condition
    return or_(condition, among.has(table.c.id, contested(table)))


def contested(table: Table, *fields: str) -> Select[Any]:
    """Select the numbers of the rows of `table` with a contested value, or in `fields`."""
    model: ColumnElement[str] = literal_column(f"'{table.name}'")
    rows = select(TABLE.c.row).where(
        OPEN_FIELD, text("NOT passing"), TABLE.c.model == model
    )
    names = ", ".join(f"'{name}'" for name in fields)
    return rows.where(text(f"field IN ({names})")) if fields else rows


def is_any(*, field: bool = False) -> ColumnElement[bool]:
    """Return the condition that anything is blocked, asked once for a whole query."""
    return select(TABLE.c.id).where(OPEN_FIELD if field else OPEN).exists()


def is_covered(table: Table) -> bool:
    """Return whether a row of `table` can be about anybody, other than as who acted."""
    return bool(
        finding.subjects(table)
        or any(finding.contacts(table, clause) for clause in finding.CLAUSES)
        or any(is_covered(key.column.table) for key in finding.parents(table))
    )


def blocked(*, of_one_row: bool = False) -> Among:
    """Return everybody whose data are blocked as a whole.

    `of_one_row`: for a trigger. On PostgreSQL its transaction then keeps a block from
    being opened until it ends; else a row could be written beside one opened just now.
    """

    def chosen(column: Any, known: str) -> Select[Any]:
        rows = select(column).where(OPEN, text("NOT passing"), text(known))
        return rows.with_for_update(read=True, key_share=True) if of_one_row else rows

    return Among(
        person=chosen(TABLE.c.person, "person IS NOT NULL"),
        email_key=chosen(TABLE.c.email_key, "email_key IS NOT NULL"),
        of_one_row=of_one_row,
    )

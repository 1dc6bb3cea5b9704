"""Which rows an open block covers: one condition for views, guards, sweeps and queries."""

from typing import Any

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

CONTESTABLE = "contestable"
"""In `Table.info`: the columns whose values people may contest."""


def covered(table: Table) -> ColumnElement[bool]:
    """Return the condition of the rows of `table` that no sweep may change or destroy.

    It is never NULL, so that `~covered(table)` are all the others.
    """
    return func.coalesce(untouchable(table), false())


def untouchable(table: Table, *, locked: bool = False) -> ColumnElement[bool]:
    """Return the condition of the rows that are blocked, or in which a value is contested.

    Of the first every use is refused, of the second a change and a destruction.
    """
    condition = finding.own(table, blocked(locked=locked))
    if CONTESTABLE not in table.info:
        return condition
    return or_(condition, table.c.id.in_(contested(table)))


def contested(table: Table, field: str | None = None) -> Select[Any]:
    """Select the numbers of the rows of `table` with a contested value, or one `field`."""
    rows = select(DataBlock.row).where(
        OPEN_FIELD,
        text("NOT passing"),
        DataBlock.model == literal_column(f"'{table.name}'"),
    )
    return rows if field is None else rows.where(text(f"field = '{field}'"))


def is_covered(table: Table) -> bool:
    """Return whether a row of `table` can be about anybody, other than as who acted."""
    return bool(
        finding.subjects(table)
        or any(finding.contacts(table, clause) for clause in finding.CLAUSES)
        or any(is_covered(key.column.table) for key in finding.parents(table))
    )


def blocked(*, locked: bool = False) -> Among:
    """Return everybody whose data are blocked as a whole.

    `locked`: whoever asks keeps PostgreSQL from opening a block until their transaction
    ends; without it a row could be written beside a block that has just been opened.
    """
    person = _of(select(DataBlock.person), "person IS NOT NULL", locked=locked)
    email_key = _of(select(DataBlock.email_key), "email_key IS NOT NULL", locked=locked)
    return Among(person=person, email_key=email_key)


def _of(column: Select[Any], known: str, *, locked: bool) -> Select[Any]:
    rows = column.where(OPEN, text("NOT passing"), text(known))
    return rows.with_for_update(read=True, key_share=True) if locked else rows

"""Which rows an open block covers: one condition for views, guards, sweeps and queries."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, false, func, select, text

from neupusti.core.blocking.models import OPEN, DataBlock
from neupusti.core.data import finding
from neupusti.core.data.finding import Among


def covered(table: Table) -> ColumnElement[bool]:
    """Return the condition of the rows of `table` that a block of everything covers.

    It is never NULL, so that `~covered(table)` are all the others.
    """
    return func.coalesce(finding.own(table, blocked()), false())


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

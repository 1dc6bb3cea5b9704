"""What is kept about a person, section by section: one for each table of rows (6.1.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask_babel import LazyString
from sqlalchemy import Column, Table

from neupusti.core.data.classification import Purpose, personal_columns
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.registry import registry
from neupusti.rights.service import keeping, labels, recipients, terms
from neupusti.rights.service.reading import HeldRows, Omission

FIRST = 50
"""Rows of a section on the page; the export has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The rows of one table, in the language in force."""

    table: str
    name: str
    clauses: tuple[str, ...]
    """Of section 3 of the policy; where it has none of such data, those of its terms."""
    purposes: tuple[Purpose, ...]
    terms: tuple[str, ...]
    holds: tuple[str, ...]
    """What stands against the destruction of some of it, and until when."""
    found: int
    headings: tuple[LazyString, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first of them, each with a cell for each heading."""
    omitted: Mapping[str, Omission]
    """The columns that nobody is shown, and why."""
    recipients: tuple[str, ...]
    """Who received any of it."""


def sections(whose: Whose) -> Iterator[Section]:
    """Yield what is kept about `whose`; a table without such rows has no section."""
    connection = db.session.connection()
    handed = recipients.names(connection, whose)
    for rows in held(whose):
        if found := rows.count(connection):
            yield Section(
                table=rows.table.name,
                name=str(terms.name(rows.holding)),
                clauses=clauses(rows.table),
                purposes=purposes(rows.table),
                terms=tuple(terms.sentences(rows.table)),
                holds=tuple(keeping.sentences(connection, rows.table, whose)),
                found=found,
                headings=tuple(filter(None, map(labels.label, _shown(rows)))),
                rows=tuple(_cells(rows)),
                omitted=rows.omitted,
                recipients=handed if rows.table.name in recipients.HANDED_OVER else (),
            )


def held(whose: Whose) -> list[HeldRows]:
    """Return the tables of all features in the order in which a person reads them."""
    known = sorted(registry().holdings, key=lambda holding: holding.order)
    return [HeldRows(holding, whose) for holding in known]


def clauses(table: Table) -> tuple[str, ...]:
    """Return the clauses of what `table` holds."""
    marks = personal_columns(table).values()
    found = {mark.clause for mark in marks if mark.clause}
    return tuple(sorted(found or {rule.clause for rule in terms.rules(table)}))


def purposes(table: Table) -> tuple[Purpose, ...]:
    """Return the purposes that any of it may be used for, in the order of the policy."""
    marks = personal_columns(table).values()
    found = {purpose for mark in marks for purpose in mark.purposes}
    return tuple(purpose for purpose in Purpose if purpose in found)


def _shown(rows: HeldRows) -> list[Column[object]]:
    return [
        column
        for column in rows.columns
        if labels.label(column) and str(column) not in labels.ONLY_FOR_PROGRAMS
    ]


def _cells(rows: HeldRows) -> Iterator[tuple[str, ...]]:
    shown = [(one.name, labels.reader(one)) for one in _shown(rows)]
    for row in rows.rows(db.session.connection(), FIRST):
        yield tuple(
            read(row.values[name]) if name in row.values else labels.ANOTHERS
            for name, read in shown
        )

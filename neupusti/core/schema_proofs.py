"""Proofs about the schema of the running databases: what no model knows is in no export."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import Column, MetaData, String, Table, text

from neupusti.core.data import migration
from neupusti.core.data.classification import Purpose, classification, personal
from neupusti.core.data.database import ACCESS, AccessBase, Base
from neupusti.core.proofs.proof import AnyProof, Check, Looking
from neupusti.core.registry import registry

ON_SQLITE = text(
    """SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name"""
)
ON_POSTGRESQL = text(
    """SELECT t.relname, c.attname FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid
    WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND c.attnum > 0
    AND NOT c.attisdropped AND t.relnamespace = current_schema()::regnamespace
    ORDER BY t.relname"""
)
RESIDENCE = "3.2.4"
OWN = frozenset(map(migration.version_table, (None, ACCESS)))
"""The tables of the migrations."""


class LiveTable(NamedTuple):
    """A table of a running database, its columns, and the model of it, if any."""

    name: str
    columns: tuple[str, ...]
    model: Table | None


class LiveColumn(NamedTuple):
    """A column of a running database, and the model of its table."""

    name: str
    model: Table


def _tables(looking: Looking) -> Iterator[LiveTable]:
    for connection, models in ((looking.main, Base), (looking.access, AccessBase)):
        query = ON_SQLITE if connection.dialect.name == "sqlite" else ON_POSTGRESQL
        for name, rows in groupby(connection.execute(query), itemgetter(0)):
            if name not in OWN and migration.is_modelled(name):
                columns = tuple(column for _table, column in rows)
                yield LiveTable(name, columns, models.metadata.tables.get(name))


def _columns(looking: Looking) -> Iterator[LiveColumn]:
    for table in _tables(looking):
        if table.model is not None:
            yield from (LiveColumn(name, table.model) for name in table.columns)


def _is_unclassified(column: LiveColumn) -> bool:
    known = column.model.columns.get(column.name)
    return known is None or classification(known) is None


def _is_lost(table: LiveTable) -> bool:
    """Return whether nobody's rows of a table can be found, or nobody wrote why not."""
    if table.model is None:
        return True
    marks = [mark for column in table.model.columns if (mark := classification(column))]
    if not any(mark.personal or mark.names_person for mark in marks):
        return False
    found = registry()
    models = [entry.model for entry in found.holdings]
    models += [entry.model for entry in found.unheld]
    return all(model.__table__ is not table.model for model in models)


def _is_residence(column: LiveColumn) -> bool:
    known = column.model.columns.get(column.name)
    mark = None if known is None else classification(known)
    return mark is not None and mark.clause == RESIDENCE


def _home() -> Table:
    mark = personal(RESIDENCE, Purpose.NOTICES)
    return Table("person", MetaData(), Column("home", String, info=mark))


def _sample() -> Table:
    return next(entry.model.__table__ for entry in registry().holdings)


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("preamble", "1.1.2"),
        name="columns-classified",
        says=_("Each column of the running databases says which kind of data it holds."),
        items=_columns,
        wrong=_is_unclassified,
        forged=lambda: LiveColumn("unknown", _sample()),
        right=lambda: LiveColumn(next(iter(_sample().columns.keys())), _sample()),
    ),
    Check(
        clauses=(RESIDENCE,),
        name="residence-not-kept",
        says=_("No column of the running databases holds a place of residence."),
        items=_columns,
        wrong=_is_residence,
        forged=lambda: LiveColumn("home", _home()),
        right=lambda: LiveColumn(next(iter(_sample().columns.keys())), _sample()),
    ),
    Check(
        clauses=("3.4",),
        name="tables-held",
        says=_(
            "Each table with data about people is known, and a person’s rows are found."
        ),
        items=_tables,
        wrong=_is_lost,
        forged=lambda: LiveTable("unknown", (), None),
        right=lambda: LiveTable(_sample().name, (), _sample()),
    ),
)

"""Proofs that the triggers stand which keep the rows of a table from changing."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import text

from neupusti.core.proofs.proof import Check, Looking

# A guard of `core.blocking` refuses what is blocked, and lets everything else through.
ON_SQLITE = text(
    """SELECT sql FROM sqlite_master
    WHERE type = 'trigger' AND tbl_name = :table AND sql LIKE :before
    AND substr(name, 1, 6) <> 'guard_'"""
)
ON_POSTGRESQL = text(
    """SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = to_regclass(:table) AND t.tgenabled IN ('O', 'A')
    AND (t.tgtype & :bit) > 0 AND (t.tgtype & 2) > 0
    AND NOT starts_with(t.tgname, 'guard_')"""
)


class Write(IntEnum):
    """A way to change a row, by its bit in PostgreSQL's `pg_trigger.tgtype`."""

    DELETE = 8
    UPDATE = 16


BOTH = tuple(Write)


class Guard(NamedTuple):
    """What the triggers before one way to write do; they must raise."""

    table: str
    write: Write
    actions: str


def kept_check(tables: Mapping[str, tuple[Write, ...]], **declared: Any) -> Check[Guard]:
    """Return the proof that triggers refuse to change or delete the rows of `tables`."""

    def items(looking: Looking) -> Iterator[Guard]:
        on_sqlite = looking.main.dialect.name == "sqlite"
        for table, writes in tables.items():
            for write in writes:
                query, which = (
                    (ON_SQLITE, {"before": f"%BEFORE {write.name}%"})
                    if on_sqlite
                    else (ON_POSTGRESQL, {"bit": write.value})
                )
                found = looking.main.scalars(query, {"table": table, **which})
                yield Guard(table, write, "\n".join(found))

    return Check(
        items=items,
        wrong=lambda guard: "RAISE" not in guard.actions,
        forged=lambda: Guard("", Write.UPDATE, ""),
        right=lambda: Guard("", Write.UPDATE, "RAISE EXCEPTION"),
        **declared,
    )

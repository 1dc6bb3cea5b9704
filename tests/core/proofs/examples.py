"""A proof of a small table of its own, and a check, for the tests of the engine."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func

from neupusti.core.proofs.proof import Check, Proof

KETTLE = Table("kettle", MetaData(), Column("id", Integer), Column("lid", String(9)))
PROOF = Proof(
    clauses=("1.1.3",),
    name="lids",
    says="Every kettle has a lid.",
    rows=KETTLE,
    wrong=lambda rows: rows.c.lid.is_(None),
    forged={"id": 1},
    right={"id": 1, "lid": "iron"},
)
CHECK: Check[int] = Check(
    clauses=("5.4",),
    name="even",
    says="Every number is even.",
    items=lambda _looking: [2, 4],
    wrong=lambda number: number % 2 == 1,
    forged=lambda: 3,
    right=lambda: 2,
)
SURE = replace(PROOF, wrong=lambda rows: rows.c.id == 0)
"""It finds nothing wrong, ever."""
EAGER = replace(PROOF, wrong=lambda rows: rows.c.id.is_not(None))
"""It finds everything wrong."""
LIDLESS = replace(PROOF, wrong=lambda rows: func.no_such_function(rows.c.lid) == 1)
"""The database refuses it."""


def kettles(connection: Connection, *lids: str | None) -> None:
    """Make the table, with a kettle for each lid."""
    KETTLE.create(connection)
    rows: list[dict[str, Any]] = [{"id": at, "lid": lid} for at, lid in enumerate(lids)]
    if rows:
        connection.execute(KETTLE.insert(), rows)

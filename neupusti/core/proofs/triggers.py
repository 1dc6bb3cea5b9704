"""Proofs that the triggers stand which keep the rows of a table from changing."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from neupusti.core.proofs import migrated
from neupusti.core.proofs.proof import Check, Looking

SECONDS = 20.0
"""The first proof of a process runs every migration."""


class Guard(NamedTuple):
    """The text of one trigger, in the live database and as the migrations make it.

    Empty: there is none.
    """

    live: str
    expected: str


def kept_check(tables: Iterable[str], **declared: Any) -> Check[Guard]:
    """Return the proof that `tables` have the triggers that the migrations make."""
    guarded = tuple(tables)

    def items(looking: Looking) -> Iterator[Guard]:
        live = migrated.standing(looking.main)
        expected = migrated.expected(looking.main.dialect.name)
        for table in guarded:
            # Another trigger beside them weakens none: each refuses for itself.
            for name, made in expected.get(table, {"": ""}).items():
                yield Guard(live.get(table, {}).get(name, ""), made)

    return Check(
        items=items,
        # A table to which the migrations give no trigger is not kept.
        wrong=lambda guard: not guard.expected or guard.live != guard.expected,
        forged=lambda: Guard("BEFORE UPDATE WHEN 0", "BEFORE UPDATE"),
        right=lambda: Guard("BEFORE UPDATE", "BEFORE UPDATE"),
        seconds=SECONDS,
        **declared,
    )

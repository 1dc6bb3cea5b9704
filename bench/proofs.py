"""Measure a whole run of the proofs over a million rows.

Orders are those of one person, as `bench.rights` writes them; journal and access log are
one row each, doubled again and again.

usage: python -m bench.proofs [--orders N] [--postgresql]
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from bench import rights
from bench.pages import Figure, outcome
from bench.search import site
from neupusti.access.models import Record
from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs import whole
from neupusti.core.proofs.proof import AnyProof, Proof
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.registry import Registry, registry
from neupusti.site.service import machine
from tests.proofs.rows import row, take_any_day

ORDERS = 30_000
ROWS = 1_000_000
SECONDS, OF_ONE = 60.0, 2.0
DOUBLINGS = 17
SLOWEST, TIMES = 5, 3
"""How many proofs are named, and how often each is run again."""


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    options = argparse.ArgumentParser(description="Measure the proofs.")
    options.add_argument("--orders", type=int, default=ORDERS)
    options.add_argument("--postgresql", action="store_true")
    asked = options.parse_args()
    with site(postgresql=asked.postgresql):
        own = (one for one in registry().features if one.name not in {"staff", "catalog"})
        machine.seed(Registry(tuple(own)))
        rights.fill(asked.orders)
        db.session.remove()
        _fill()
        return outcome(figures())


def figures() -> Iterator[Figure]:
    """Yield the figures of one run, as a fresh process makes it."""
    yield Figure("rows", _count(), "", least=ROWS)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = whole.run(registry().proofs)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    in_sql = [one for one in found if isinstance(one.proof, Proof)]
    slowest = sorted(in_sql, key=lambda one: one.milliseconds)[-SLOWEST:]
    again = {one.proof.name: _best(one.proof) for one in slowest}
    for one in slowest:
        best = again[one.proof.name]
        print(f"  {one.proof.name}: {one.milliseconds} ms, at best {best} ms")
    print(
        f"  this process: {after.ru_utime - before.ru_utime:.1f} s user, "
        f"{after.ru_stime - before.ru_stime:.1f} s system"
    )
    print(f"  in SQL: {sum(one.milliseconds for one in in_sql) / 1000:.1f} s")
    unfinished = sum(bool(one.error) for one in found)
    yield Figure(f"a run of {len(found)} proofs", took, "s", most=SECONDS)
    yield Figure("the slowest in SQL", max(again.values()) / 1000, "s", most=OF_ONE)
    yield Figure("unfinished", unfinished, "", most=0)


def _best(proof: AnyProof) -> int:
    """Return the milliseconds of a proof on a machine that others use too."""
    return min(one.milliseconds for one in whole.run([proof] * TIMES))


def _fill() -> None:
    with db.engine.begin() as connection:
        _double(connection, ProcessingEvent)
    with db.engines[ACCESS].begin() as connection:
        take_any_day(connection)
        _double(connection, Record)


def _double(connection: Connection, model: type[Any]) -> None:
    """Write one row, and copy what is there until there are many."""
    connection.execute(text(row(model)))
    columns = model.__table__.columns
    for _ in range(DOUBLINGS):
        last = connection.scalar(select(func.max(model.id)))
        copied = [one + last if one.name == "id" else one for one in columns]
        connection.execute(insert(model).from_select(columns.keys(), select(*copied)))


def _count() -> int:
    rows = 0
    for bind, metadata in db.metadatas.items():
        with db.engines[bind].connect() as connection:
            for table in metadata.sorted_tables:
                rows += connection.scalar(select(func.count()).select_from(table)) or 0
    return rows


if __name__ == "__main__":
    sys.exit(main())

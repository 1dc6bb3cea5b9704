"""Measure what finding scanners costs the ingest: `python -m bench.access_findings`.

The same spool is ingested with and without it, in turn and each time into a new database.
Print the processor time of each (median), and their ratio.
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, create_engine

from neupusti.access.ingest import judging, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.logfields import MalformedError
from neupusti.access.ingest.logformats import Format, parser
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.recording.line import Entry
from neupusti.core import clock
from neupusti.core.data.database import AccessBase, prepare
from tests.access import logs

BATCH = 20_000


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    entries = _entries(chosen.requests)
    enrichment = Enrichment(Countries(), Referrers())
    enrichment.batch(entries[:BATCH])  # fills the caches
    taken: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(2 * chosen.rounds):
        taken[turn % 2 == 0].append(_ingest(entries, judged=turn % 2 == 0))
    found, plain = (median(taken[judged]) for judged in (True, False))
    per_request = 1_000_000 / len(entries)
    print(f"ingest without findings  {plain * per_request:6.2f} µs a request")
    print(f"with findings            {found * per_request:6.2f} µs a request")
    print(f"ratio                    {found / plain:6.3f}")


def _entries(number: int) -> list[Entry]:
    parse, entries = parser(Format.COMBINED), []
    for line in logs.lines(number, clock.now() - timedelta(hours=1)):
        try:
            entries.append(parse(line.decode("utf-8", "replace")))
        except MalformedError:
            continue
    return entries


def _ingest(entries: list[Entry], *, judged: bool) -> float:
    """Return the processor seconds of an ingest into a new database."""
    enrichment = Enrichment(Countries(), Referrers())
    with tempfile.TemporaryDirectory() as folder:
        engine = _new_database(Path(folder))
        began = time.process_time()
        for at in range(0, len(entries), BATCH):
            some = entries[at : at + BATCH]
            with store.ingesting(engine) as connection:
                if judged:
                    judging.write(connection, some, enrichment)
                else:
                    store.write(connection, enrichment.batch(some))
        taken = time.process_time() - began
        engine.dispose()
    return taken


def _new_database(folder: Path) -> Engine:
    engine = create_engine(f"sqlite:///{folder / 'access.sqlite'}")
    prepare(engine, synchronous="NORMAL")
    AccessBase.metadata.create_all(engine)
    return engine


if __name__ == "__main__":
    main()

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

BATCH, SCANNERS = 20_000, 12
PROBED = frozenset(logs.PROBES)


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=5)
    everywhere = "probes come from the addresses of people, most of whom become scanners"
    options.add_argument("--everywhere", action="store_true", help=everywhere)
    chosen = options.parse_args()
    entries = _entries(chosen.requests, few_scanners=not chosen.everywhere)
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


def _entries(number: int, *, few_scanners: bool) -> list[Entry]:
    """Return a log in which every tenth request is a probe, of few addresses or of all."""
    parse, entries = parser(Format.COMBINED), []
    for line in logs.lines(number, clock.now() - timedelta(hours=1)):
        try:
            entry = parse(line.decode("utf-8", "replace"))
        except MalformedError:
            continue
        if few_scanners and entry.path.partition("?")[0] in PROBED:
            entry.ip = f"198.51.100.{len(entries) % SCANNERS}"
        entries.append(entry)
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

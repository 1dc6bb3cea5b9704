"""Ingest a spool and print: records, seconds, processor seconds, peak KiB."""

import resource
import sys
import time
from pathlib import Path

from sqlalchemy import create_engine

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.core.data.database import prepare


def main() -> None:
    """Ingest the spool of the second argument into the database of the first."""
    engine = create_engine(sys.argv[1])
    prepare(engine, synchronous="NORMAL")
    enrichment = Enrichment(Countries(), Referrers())
    began, processor = time.perf_counter(), time.process_time()
    number = spool_reader.ingest(engine, Path(sys.argv[2]), enrichment)
    taken = (time.perf_counter() - began, time.process_time() - processor)
    print(number, *taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()

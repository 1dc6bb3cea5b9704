"""The aggregator: reads the spool into the database, and sweeps every hour.

It is a job of the site: one worker does it, elected by a lock that the kernel gives to the
next one when that worker dies. `flask access ingest` takes part in the same election.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from neupusti.access.ingest import partitions
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.spool_reader import ingest
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs

NAME = "access"
EVERY = timedelta(seconds=0.5)
"""Between two looks at the spool: what the freshness of the live view hangs on."""
SWEEP_SECONDS = 3600.0
RETRY_SECONDS = 60.0
"""After a sweep that failed: somebody may read the log for long."""


class Aggregator:
    """Reads the spool of one folder into the database of one engine."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        enrichment: Callable[[], Enrichment],
        terms: RetentionCutoffs,
    ) -> None:
        self.engine, self.folder, self.terms = engine, folder, terms
        self._make_enrichment = enrichment
        self._enrichment: Enrichment | None = None
        self._swept = float("-inf")

    def ingest(self) -> int:
        """Bring in what waits in the spool; return how many requests that was."""
        if self._enrichment is None:
            self._enrichment = self._make_enrichment()
        return ingest(self.engine, self.folder, self._enrichment)

    def work(self) -> None:
        """Do what is due: the spool now, the sweep once an hour."""
        self.ingest()
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic() - SWEEP_SECONDS + RETRY_SECONDS
            partitions.create_ahead(self.engine)
            sweep.sweep(self.engine, self.terms)
            self._swept = time.monotonic()

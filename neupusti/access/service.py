"""The aggregator: ingests the spool, and sweeps every hour.

It is a background job: one worker runs it, elected by a file lock that the kernel releases
when the worker dies. `flask access ingest` takes part in the same election.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from neupusti.access.ingest import partitions, store
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.spool_reader import ingest
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.core import clock

NAME = "access"
EVERY = timedelta(seconds=0.5)
"""Between two reads of the spool; it bounds the delay of the live view."""
SWEEP_SECONDS = 3600.0
RETRY_SECONDS = 60.0
"""After a failed sweep: a slow reader may hold the log."""


class Aggregator:
    """Ingest the spool of one folder into one database."""

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
        self._swept_at = float("-inf")
        self._start_counted = False

    def count_start(self) -> None:
        """Count a start of the site: the first job of this process; no effect later."""
        if self._start_counted:
            return
        minute = f"{clock.now().astimezone(clock.ALMATY):%H:%M}"
        with store.ingesting(self.engine) as connection:
            store.count_events(connection, store.STARTED, {minute: 1})
        self._start_counted = True

    def ingest(self) -> int:
        """Ingest the spool; return the number of requests."""
        if self._enrichment is None:
            self._enrichment = self._make_enrichment()
        return ingest(self.engine, self.folder, self._enrichment)

    def _create_partitions(self) -> None:
        """Create the partitions of today and the next days, in turn with other machines."""
        if self.engine.dialect.name == "postgresql":
            with store.ingesting(self.engine) as connection:
                partitions.ensure(connection, partitions.ahead())

    def work(self) -> None:
        """Ingest the spool; sweep once an hour."""
        self.ingest()
        if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = time.monotonic() - SWEEP_SECONDS + RETRY_SECONDS
            self._create_partitions()
            sweep.sweep(self.engine, self.terms)
            self._swept_at = time.monotonic()

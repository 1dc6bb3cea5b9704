"""A worker and an aggregator that are killed again and again while they work."""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from neupusti.access.service import drain
from neupusti.access.service.drain import Enrichment
from neupusti.access.service.places import Countries, Referrers
from neupusti.access.service.recorder import Recorder, Secrets
from neupusti.access.service.spool import Spool
from neupusti.access.service.visitor import Visitors
from tests.conftest import SECRET

FORK = get_context("fork")


@dataclass
class Ordeal:
    """What was acknowledged, and what the database knows in the end."""

    engine: Engine
    folder: Path
    acknowledged: Path
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    started: int = 0

    def run(self, kills: int) -> None:
        """Kill a worker or the aggregator `kills` times, then let all be read."""
        running = {
            "worker": self._start(self._serve),
            "aggregator": self._start(self._read),
        }
        for _ in range(kills):
            time.sleep(self.dice.uniform(0.02, 0.2))
            name = self.dice.choice(list(running))
            self._kill(running[name])
            running[name] = self._start(self._serve if name == "worker" else self._read)
        for process in running.values():
            self._kill(process)
        drain.drain(self.engine, self.folder, _enrichment())

    @property
    def paths(self) -> Counter[str]:
        """How often each request stands in the database."""
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT path, count(*) FROM access_record GROUP BY path"
            )
            return Counter({row[0]: row[1] for row in rows})

    @property
    def answered(self) -> set[str]:
        """The requests whose answers were over before anybody was killed."""
        lines = self.acknowledged.read_text().split("\n")
        return set(lines[:-1])

    @property
    def sums(self) -> dict[str, int]:
        """The requests that each roll-up knows."""
        queries = {
            "rows": "SELECT count(*) FROM access_record",
            "hours": "SELECT sum(requests) FROM access_total WHERE unit = 'hour'",
            "days": "SELECT sum(requests) FROM access_total WHERE unit = 'day'",
            "paths": "SELECT sum(requests) FROM access_rollup WHERE dimension = 'path'",
            "addresses": "SELECT sum(requests) FROM access_address",
            "latency": "SELECT sum(requests) FROM access_latency",
        }
        with self.engine.connect() as connection:
            return {
                name: int(connection.exec_driver_sql(query).scalar() or 0)
                for name, query in queries.items()
            }

    def _start(self, work: Any) -> Any:
        self.started += 1
        process = FORK.Process(target=work, args=(self.started,), daemon=True)
        process.start()
        return process

    @staticmethod
    def _kill(process: Any) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()

    def _serve(self, number: int) -> None:
        recorder = recorder_of(Spool(self.folder))
        ack = os.open(self.acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        at = 0
        while True:
            at += 1
            path = f"/{number}/{at}"
            body, _, _ = run_wsgi_app(recorder, EnvironBuilder(path).get_environ())
            b"".join(body)
            os.write(ack, f"{path}\n".encode())
            time.sleep(0.0005)

    def _read(self, _number: int) -> None:
        self.engine.dispose(close=False)
        while True:
            try:
                drain.drain(self.engine, self.folder, _enrichment())
            except SQLAlchemyError:
                time.sleep(0.05)


def _enrichment() -> Enrichment:
    return Enrichment(Countries(), Referrers())


def recorder_of(spool: Spool) -> Recorder:
    """Return a recorder round an application that always answers the same."""
    visitors = Visitors(SECRET, "visitor", timedelta(days=390))
    return Recorder(_answer, spool, secrets=lambda: Secrets(()), visitors=visitors)


def _answer(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [])
    return [b"ok"]

"""A worker and an aggregator that are killed again and again while they work."""

import os
import random
import signal
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
ANSWERS, AFTER_COMMIT = 200, 40
"""At most so many answers pass between two kills; so many where a commit is waited for."""
PIPE_BYTES = 65_536
SUMS = {
    "rows": "SELECT count(*) FROM access_record",
    "hours": "SELECT sum(requests) FROM access_total WHERE unit = 'hour'",
    "days": "SELECT sum(requests) FROM access_total WHERE unit = 'day'",
    "addresses": "SELECT sum(requests) FROM access_address",
    "latency": "SELECT sum(requests) FROM access_latency",
    **{
        name: f"SELECT sum(requests) FROM access_rollup WHERE dimension = '{name}'"
        for name in (
            *("path", "status", "method", "browser", "os", "device", "bot", "country"),
            *("referrer", "source", "consent"),
        )
    },
}
"""What must be the same at every moment: the rows, and the sum of each roll-up."""


class Pipe:
    """Lines that processes leave for this one; what is in it outlives whoever wrote it."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.lines: list[str] = []
        self._rest = b""

    def put(self, line: str) -> None:
        """Leave a line."""
        os.write(self._write, f"{line}\n".encode())

    def wait(self, number: int) -> None:
        """Take lines until there are `number` more."""
        wanted = len(self.lines) + number
        while len(self.lines) < wanted:
            self._take()

    def take_all(self) -> None:
        """Take what is there now."""
        os.set_blocking(self._read, False)
        try:
            while True:
                self._take()
        except BlockingIOError:
            os.set_blocking(self._read, True)

    def _take(self) -> None:
        *whole, self._rest = (self._rest + os.read(self._read, PIPE_BYTES)).split(b"\n")
        self.lines += [line.decode() for line in whole]


@dataclass
class Ordeal:
    """What was answered, and what the database knew of it at each moment."""

    engine: Engine
    folder: Path
    seed: int = 1
    answers: Pipe = field(default_factory=Pipe)
    commits: Pipe = field(default_factory=Pipe)
    checked: list[dict[str, int]] = field(default_factory=list)
    """The sums after each kill, and at the end."""
    started: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.enrichment = Enrichment(Countries(), Referrers())

    def run(self, kills: int) -> None:
        """Kill a worker, the aggregator or both `kills` times, then let all be read."""
        works = {"worker": self._serve, "aggregator": self._read}
        running = {name: self._start(work) for name, work in works.items()}
        killed = 0
        while killed < kills:
            self._wait()
            victims = self.dice.choice((("worker",), ("aggregator",), tuple(works)))
            for name in victims:
                self._kill(running[name])
            killed += len(victims)
            self.checked.append(self.sums)
            for name in victims:
                running[name] = self._start(works[name])
        for process in running.values():
            self._kill(process)
        self.answers.take_all()
        drain.drain(self.engine, self.folder, self.enrichment)
        self.checked.append(self.sums)

    @property
    def answered(self) -> set[str]:
        """The requests whose answers were over before anybody was killed."""
        return set(self.answers.lines)

    @property
    def paths(self) -> Counter[str]:
        """How often each request stands in the database."""
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT path, count(*) FROM access_record GROUP BY path"
            )
            return Counter({row[0]: row[1] for row in rows})

    @property
    def sums(self) -> dict[str, int]:
        """The requests that the rows and each roll-up know of at one moment."""
        # One statement is one snapshot, on either database.
        query = ", ".join(f"({one})" for one in SUMS.values())
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT {query}").one()
        return {name: int(found[at] or 0) for at, name in enumerate(SUMS)}

    @property
    def apart(self) -> list[dict[str, int]]:
        """The moments at which a roll-up told another number than the rows."""
        return [sums for sums in self.checked if len(set(sums.values())) > 1]

    def _wait(self) -> None:
        """Let some answers pass; every other time, wait for a commit before."""
        if self.dice.random() < 0.5:
            self.commits.take_all()
            self.commits.wait(1)
            self.answers.take_all()
            self.answers.wait(self.dice.randint(1, AFTER_COMMIT))
        else:
            self.answers.wait(self.dice.randint(1, ANSWERS))

    def _start(self, work: Any) -> Any:
        # A connection must not be in two processes.
        self.engine.dispose()
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
        at = 0
        while True:
            at += 1
            path = f"/{number}/{at}"
            body, _, _ = run_wsgi_app(recorder, EnvironBuilder(path).get_environ())
            b"".join(body)
            self.answers.put(path)

    def _read(self, _number: int) -> None:
        while True:
            try:
                brought = drain.drain(self.engine, self.folder, self.enrichment)
            except SQLAlchemyError:
                continue
            if brought:
                self.commits.put(str(brought))


def recorder_of(spool: Spool) -> Recorder:
    """Return a recorder round an application that always answers the same."""
    visitors = Visitors(SECRET, "visitor", timedelta(days=390))
    return Recorder(_answer, spool, secrets=lambda: Secrets(()), visitors=visitors)


def _answer(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [])
    return [b"ok"]

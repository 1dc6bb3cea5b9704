"""The served site, whose workers are killed again and again while clients ask it."""

import os
import random
import select
import signal
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from threading import Event
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.config.settings import Settings
from tests.served import PAUSE, START_SECONDS, Served, served

FORK = get_context("fork")
CLIENTS = 3
ANSWERS, AFTER_COMMIT = 200, 40
"""At most so many answers pass between two kills; so many where a commit is waited for."""
PIPE_BYTES = 65_536
ASKED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/healthz", {}),
    ("HEAD", "/healthz", {}),
    ("POST", "/healthz", {}),
    ("GET", "/policy/", {}),
    ("GET", "/policy/", {"Accept-Encoding": "br"}),
    ("HEAD", "/policy/", {}),
    ("GET", "/policy", {}),
    ("GET", "/policy/feed.atom", {"If-None-Match": "*"}),
    ("GET", "/kk/no-such-page", {}),
    ("GET", "/a%00", {}),
)
"""Answers of every kind: pages, no body, not modified, redirects, refusals."""
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
            if not self._take(START_SECONDS):
                raise TimeoutError("nobody is heard of any more")

    def take_all(self) -> None:
        """Take what is there now."""
        while self._take(0):
            pass

    def _take(self, seconds: float) -> bool:
        """Take what comes within so many seconds; tell whether anything did."""
        if not select.select([self._read], [], [], seconds)[0]:
            return False
        *whole, self._rest = (self._rest + os.read(self._read, PIPE_BYTES)).split(b"\n")
        self.lines += [line.decode() for line in whole]
        return True


@dataclass
class Ordeal:
    """What the clients received, and what the database knew of it at each moment."""

    settings: Settings
    engine: Engine
    """The access database of `settings`."""
    seed: int = 1
    answers: Pipe = field(default_factory=Pipe)
    commits: Pipe = field(default_factory=Pipe)
    checked: list[dict[str, int]] = field(default_factory=list)
    """The sums after each kill, and at the end."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.folder = self.settings.instance / "access-spool"
        self.enrichment = Enrichment(Countries(), Referrers())

    def run(self, kills: int) -> None:
        """Kill a worker `kills` times, and an aggregator with it every other time."""
        with served(self.settings) as site:
            clients = [self._start(self._ask, site.port, n) for n in range(CLIENTS)]
            aggregator = self._start(self._read)
            for _ in range(kills):
                self._wait()
                os.kill(self._victim(site), signal.SIGKILL)
                if aggregator_too := self.dice.random() < 0.5:
                    self._kill(aggregator)
                self.checked.append(self.sums)
                if aggregator_too:
                    aggregator = self._start(self._read)
            for process in (*clients, aggregator):
                self._kill(process)
        self.answers.take_all()
        spool_reader.ingest(self.engine, self.folder, self.enrichment)
        self.checked.append(self.sums)

    @property
    def received(self) -> dict[str, int]:
        """How many bytes of body each request got, of those answered in full."""
        return {number: int(size) for number, size in map(str.split, self.answers.lines)}

    @property
    def logged(self) -> Counter[tuple[str, int]]:
        """How often each request stands in the database, with its bytes."""
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT request_id, bytes FROM access_record")
            return Counter((row[0], row[1]) for row in rows)

    @property
    def lost(self) -> set[tuple[str, int]]:
        """What clients received and the log does not know, or not so many bytes of it."""
        return self.received.items() - self.logged.keys()

    @property
    def doubled(self) -> list[str]:
        """The requests that stand there more than once."""
        times = Counter(number for number, _ in self.logged.elements())
        return [number for number, count in times.items() if count > 1]

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

    def _victim(self, site: Served) -> int:
        while not (workers := site.workers):
            assert site.process.poll() is None, "the site has ended"
            Event().wait(PAUSE)
        return self.dice.choice(workers)

    def _start(self, work: Any, *arguments: int) -> Any:
        # A connection must not be in two processes.
        self.engine.dispose()
        process = FORK.Process(target=work, args=arguments, daemon=True)
        process.start()
        return process

    @staticmethod
    def _kill(process: Any) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()

    def _ask(self, port: int, number: int) -> None:
        dice = random.Random(number)
        while True:
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                    self._converse(connection, dice)
            except (OSError, HTTPException):
                Event().wait(PAUSE)

    def _converse(self, connection: HTTPConnection, dice: random.Random) -> None:
        """Ask until the connection breaks; note every answer that came in full."""
        while True:
            method, path, headers = dice.choice(ASKED)
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            size = len(answer.read())
            self.answers.put(f"{answer.headers['X-Request-Id']} {size}")

    def _read(self) -> None:
        while True:
            try:
                brought = spool_reader.ingest(self.engine, self.folder, self.enrichment)
            except (SQLAlchemyError, psycopg.Error):
                # Two at once may meet in a deadlock: one of them tries again.
                continue
            if brought:
                self.commits.put(str(brought))

"""Kill workers of the served site repeatedly while clients request pages."""

import os
import random
import select
import signal
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from multiprocessing.process import BaseProcess
from threading import Event

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access.ingest import spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.config.settings import Settings
from tests.forking import forked
from tests.served import PAUSE, START_SECONDS, Served, served

CLIENTS = 3
RESPONSES, RESPONSES_AFTER_COMMIT = 200, 40
"""Maximum number of responses between two kills, and after a commit waited for."""
PIPE_BYTES = 65_536
REQUESTS: tuple[tuple[str, str, dict[str, str]], ...] = (
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
"""Responses of every kind: pages, no body, not modified, redirects, errors."""
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
            *("source", "consent"),
        )
    },
    "referrers": "SELECT sum(requests) FROM access_rollup"
    " WHERE dimension IN ('referrer', 'own_page')",
}
"""Queries whose results must be equal at every moment: rows and sums of roll-ups."""


class Pipe:
    """Lines sent by other processes; they survive a killed sender."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.lines: list[str] = []
        self._rest = b""

    def put(self, line: str) -> None:
        """Send a line."""
        os.write(self._write, f"{line}\n".encode())

    def wait(self, number: int) -> None:
        """Read lines until there are `number` more."""
        wanted = len(self.lines) + number
        while len(self.lines) < wanted:
            if not self._take(START_SECONDS):
                raise TimeoutError("no process sends lines any more")

    def take_all(self) -> None:
        """Read what is there now."""
        while self._take(0):
            pass

    def _take(self, seconds: float) -> bool:
        """Read what arrives within so many seconds; return whether anything did."""
        if not select.select([self._read], [], [], seconds)[0]:
            return False
        *whole, self._rest = (self._rest + os.read(self._read, PIPE_BYTES)).split(b"\n")
        self.lines += [line.decode() for line in whole]
        return True


@dataclass
class CrashTest:
    """Compares what clients received with the database at each moment."""

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
        """Kill a worker `kills` times, half of the time with the aggregator."""
        with served(self.settings) as site:
            clients = [forked(self._ask, site.port, n) for n in range(CLIENTS)]
            aggregator = forked(self._read)
            for _ in range(kills):
                self._wait()
                os.kill(self._victim(site), signal.SIGKILL)
                if aggregator_too := self.dice.random() < 0.5:
                    self._kill(aggregator)
                self.checked.append(self.sums)
                if aggregator_too:
                    aggregator = forked(self._read)
            for process in (*clients, aggregator):
                self._kill(process)
        self.answers.take_all()
        spool_reader.ingest(self.engine, self.folder, self.enrichment)
        self.checked.append(self.sums)

    @property
    def received(self) -> dict[str, int]:
        """Bytes of the body of each request that was answered in full."""
        return {number: int(size) for number, size in map(str.split, self.answers.lines)}

    @property
    def logged(self) -> Counter[tuple[str, int]]:
        """Each request in the database with its bytes, and how often."""
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT request_id, bytes FROM access_record")
            return Counter((row[0], row[1]) for row in rows)

    @property
    def lost(self) -> set[tuple[str, int]]:
        """Requests that clients received and the log lacks, or has with other bytes."""
        return self.received.items() - self.logged.keys()

    @property
    def duplicated(self) -> list[str]:
        """Requests that are logged more than once."""
        times = Counter(number for number, _ in self.logged.elements())
        return [number for number, count in times.items() if count > 1]

    @property
    def sums(self) -> dict[str, int]:
        """The numbers of requests in the rows and each roll-up at one moment."""
        # One statement is one snapshot, on either database.
        query = ", ".join(f"({one})" for one in SUMS.values())
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT {query}").one()
        return {name: int(found[at] or 0) for at, name in enumerate(SUMS)}

    @property
    def inconsistent(self) -> list[dict[str, int]]:
        """The moments at which a roll-up differed from the rows."""
        return [sums for sums in self.checked if len(set(sums.values())) > 1]

    def _wait(self) -> None:
        """Wait for some responses; half of the time, for a commit before."""
        if self.dice.random() < 0.5:
            self.commits.take_all()
            self.commits.wait(1)
            self.answers.take_all()
            self.answers.wait(self.dice.randint(1, RESPONSES_AFTER_COMMIT))
        else:
            self.answers.wait(self.dice.randint(1, RESPONSES))

    def _victim(self, site: Served) -> int:
        while not (workers := site.workers):
            assert site.process.poll() is None, "the site has ended"
            Event().wait(PAUSE)
        return self.dice.choice(workers)

    @staticmethod
    def _kill(process: BaseProcess) -> None:
        process.kill()
        process.join()

    def _ask(self, port: int, number: int) -> None:
        dice = random.Random(number)
        while True:
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                    self._send_requests(connection, dice)
            except (OSError, HTTPException):
                Event().wait(PAUSE)

    def _send_requests(self, connection: HTTPConnection, dice: random.Random) -> None:
        """Send requests until the connection breaks; note every complete response."""
        while True:
            method, path, headers = dice.choice(REQUESTS)
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

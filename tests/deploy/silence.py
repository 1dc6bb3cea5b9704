"""PostgreSQL that falls silent below a served site, and people who choose and read."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, Self
from urllib.parse import urlencode

import psycopg
from sqlalchemy import make_url

from neupusti.config.settings import Settings
from tests.postgres import USER, Cluster

CHOICES, READS = 12, 6
"""How many people a second choose, and read each page."""
CHOICE, POLICY, CATALOGUE = "/cookies/", "/policy/", "/catalog/"
CLIENTS, PATIENCE_SECONDS = 400, 30
ACCEPTED = urlencode({"choice": "accept"})
RECORD = re.compile(r"\b1\.\w*\.\w+\.([\w-]{16})\.")
"""The number of a record in the cookie that a choice is answered with."""
SOCKET = ".s.PGSQL.5432"
CHUNK = 65536
BACKENDS = """SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


class Answer(NamedTuple):
    """What one request got; status 0 is no answer, `kept` the number a choice was given."""

    path: str
    asked_at: float
    seconds: float
    status: int
    kept: str = ""


@dataclass
class Load:
    """People who come at their own pace, however long the site takes to answer."""

    port: int
    answers: list[Answer] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.over, self.numbers = Event(), count(1)
        self.pool = ThreadPoolExecutor(CLIENTS)
        paces = {CHOICE: CHOICES, POLICY: READS, CATALOGUE: READS}
        self.threads = [Thread(target=self._come, args=pace) for pace in paces.items()]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.pool.shutdown()

    def _come(self, path: str, pace: int) -> None:
        sent: list[Future[None]] = []
        while not self.over.wait(1 / pace):
            sent.append(self.pool.submit(self._ask, path, next(self.numbers)))
        for one in sent:
            one.result()

    def _ask(self, path: str, number: int) -> None:
        # Each from a network of their own: no limit is reached.
        network = ".".join(map(str, (10, *number.to_bytes(3))))
        headers = {"X-Forwarded-For": network, "Sec-Fetch-Site": "same-origin"}
        form = ACCEPTED if path == CHOICE else None
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        began, status, kept = time.monotonic(), 0, ""
        with suppress(OSError, HTTPException):
            link.request("POST" if form else "GET", path, form, headers)
            answer = link.getresponse()
            answer.read()
            status = answer.status
            if named := RECORD.search(answer.getheader("Set-Cookie") or ""):
                kept = named[1]
        link.close()
        seconds = time.monotonic() - began
        self.answers.append(Answer(path, began, seconds, status, kept))


@dataclass
class Pipe:
    """A proxy between the site and PostgreSQL, whose connections can be frozen."""

    home: Path
    target: Path
    gates: list[asyncio.Event] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Forward connections for a block."""
        ready, over = Event(), asyncio.Event()

        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            server = await asyncio.start_unix_server(self._forward, self.home / SOCKET)
            ready.set()
            await over.wait()
            server.close()

        thread = Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        ready.wait()
        try:
            yield
        finally:
            self.loop.call_soon_threadsafe(over.set)
            thread.join()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Forward nothing more of the connections that are open now, for a block."""
        old = [*self.gates]
        self._each(old, asyncio.Event.clear)
        try:
            yield
        finally:
            self._each(old, asyncio.Event.set)

    def _each(
        self, gates: list[asyncio.Event], act: Callable[[asyncio.Event], None]
    ) -> None:
        for gate in gates:
            self.loop.call_soon_threadsafe(act, gate)

    async def _forward(
        self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter
    ) -> None:
        far, to_far = await asyncio.open_unix_connection(self.target / SOCKET)
        gate = asyncio.Event()
        gate.set()
        self.gates.append(gate)
        ways = self._copy(near, to_far, gate), self._copy(far, to_near, gate)
        await asyncio.gather(*ways, return_exceptions=True)

    @staticmethod
    async def _copy(
        near: asyncio.StreamReader, far: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        try:
            while body := await near.read(CHUNK):
                await gate.wait()
                far.write(body)
                await far.drain()
        finally:
            far.close()


def through(settings: Settings, home: Path) -> Settings:
    """Return `settings` of a site that reaches its databases by the pipe in `home`.

    It believes one proxy, so that each of its people has a network of their own.
    """
    main, access = (
        make_url(url).update_query_dict({"host": str(home)})
        for url in (settings.database_url, settings.access_database_url)
    )
    return replace(
        settings,
        database_url=main.render_as_string(hide_password=False),
        access_database_url=access.render_as_string(hide_password=False),
        proxies=1,
    )


@dataclass(frozen=True)
class Faults:
    """The four ways to fall silent; each lasts for a block."""

    cluster: Cluster
    pipe: Pipe
    database: str

    def named(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        """Return each fault by its name."""
        return {
            "stopped": self.stopped,
            "locked": self.locked,
            "read_only": self.read_only,
            "frozen": self.pipe.frozen,
        }

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the processes of every connection stand still."""
        with self._connection("postgres") as own:
            pids = [pid for (pid,) in own.execute(BACKENDS)]
        with ExitStack() as stack:
            for pid in pids:
                _signal(pid, signal.SIGSTOP)
                stack.callback(_signal, pid, signal.SIGCONT)
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the table of the choices."""
        with self._connection(self.database) as own, own.transaction():
            own.execute("LOCK TABLE consent_record IN ACCESS EXCLUSIVE MODE")
            yield

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let the role of the site write nothing, as after a demotion."""
        setting = f"ALTER ROLE {USER} SET default_transaction_read_only"
        with self._connection("postgres") as own:
            own.execute(f"{setting} = on".encode())
            own.execute(BACKENDS.replace("pid", "pg_terminate_backend(pid)", 1).encode())
            try:
                yield
            finally:
                own.execute(
                    f"ALTER ROLE {USER} RESET default_transaction_read_only".encode()
                )

    def chosen(self) -> set[str]:
        """Return the numbers of the choices that are kept."""
        with self._connection(self.database) as own:
            return {one for (one,) in own.execute("SELECT public_id FROM consent_record")}

    def _connection(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self.cluster.url(database), autocommit=True)


def _signal(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # whose connection was just given up has ended
        os.kill(pid, what)

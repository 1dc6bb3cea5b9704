"""A site of several machines: copies of it on one PostgreSQL, behind the shipped nginx.

Each copy has its own data folder and port, as a machine has. What a machine shares with
the others are the database, the secret and the proxy.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import monotonic

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from tests.access.test_outages import Server
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.lending import opened, seeded
from tests.postgres import ground
from tests.served import PAUSE, STOP_SECONDS, await_answer, environment_of, free_port

CONNECTIONS = "max_connections=300"
"""Three copies of two workers, of which each opens forty at most, and a few beside."""
HEAL_SECONDS = 10
"""How long after PostgreSQL is back a page may still fail."""


@dataclass
class Copy:
    """The site on one of the machines."""

    settings: Settings
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def begin(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "flask", "site", "serve", "--port", str(self.port)]
        with (self.settings.instance / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment_of(self.settings),
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it listens."""
        assert self.process is not None
        await_answer(self.process, self.port)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.begin()
        self.wait()

    def kill(self) -> None:
        """Kill all its processes, as a loss of power does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end what it does, and stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=STOP_SECONDS)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(timeout=STOP_SECONDS)


@dataclass
class Machines:
    """The copies, their database and their proxy."""

    settings: Settings
    server: Server
    copies: list[Copy]
    proxy: ProxyClient
    outages: list[tuple[float, float]] = field(default_factory=list)
    """From when till when pages may fail, by the monotonic clock."""

    def restart_database(self) -> None:
        """Let PostgreSQL end at once, as a crash does, and come back."""
        begun = monotonic()
        self.outages.append((begun, float("inf")))
        self.server.stop()
        self.server.start(CONNECTIONS)
        self.outages[-1] = begun, monotonic() + HEAL_SECONDS

    def was_away(self, since: float, until: float) -> bool:
        """Return whether PostgreSQL was away for a part of that time."""
        return any(since < end and until > begin for begin, end in self.outages)


@contextmanager
def machines(
    number: int, folder: Path, smtp: int, *, durable: bool = False
) -> Iterator[Machines]:
    """Serve a site by `number` copies; its mail leaves to the port `smtp`.

    `durable`: a commit reaches the disk, as in production.
    """
    with ExitStack() as stack:
        home = _folder(folder / "server") if durable else stack.enter_context(ground())
        server = Server(home)
        server.start(CONNECTIONS, f"fsync={'on' if durable else 'off'}")
        stack.callback(server.stop)
        server.cluster.execute("CREATE DATABASE main", "CREATE DATABASE access")
        settings = Settings(
            secret_key="one secret for all of the machines",
            instance=_folder(folder / "operator"),
            database_url=server.cluster.url("main"),
            access_database_url=server.cluster.url("access"),
            smtp_url=f"smtp://127.0.0.1:{smtp}",
            proxies=1,
        )
        seeded(settings)
        copies = [
            Copy(replace(settings, instance=_folder(folder / f"machine{one}")))
            for one in range(number)
        ]
        for copy in copies:
            copy.begin()
            stack.callback(copy.stop)
        for copy in copies:
            copy.wait()
        ports = [copy.port for copy in copies]
        front = proxies.nginx(ports[0], _folder(folder / "proxy"), *ports[1:])
        proxy = stack.enter_context(front)
        stack.enter_context(opened(settings))
        yield Machines(settings, server, copies, proxy)


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o711)
    return path


def pause() -> None:
    """Give way to the others for a moment."""
    Event().wait(PAUSE)

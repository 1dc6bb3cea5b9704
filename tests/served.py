"""The site served: by its own command in separate processes, or by a thread of the test."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server

from neupusti.config.checks import PREFIX
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from tests.lending import opened

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

START_SECONDS, STOP_SECONDS, PAUSE = 120, 30, 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """A running site, and its command line."""

    settings: Settings
    port: int
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """The URL of the site, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The ids of its present worker processes."""
        return list(below(self.process.pid))

    def flask(self, *words: str) -> str:
        """Run a command of the site; return what it prints."""
        command = [sys.executable, "-m", "flask", *words]
        return subprocess.check_output(command, cwd=ROOT, env=self.environment, text=True)

    def emails(self, to: str) -> list[dict[str, Any]]:
        """Return the emails to an address, as `flask mail list` prints them."""
        with opened(self.settings) as app:
            runner = app.test_cli_runner()
            done = runner.invoke(args=["mail", "list", "--to", to, "--json"])
        emails: list[dict[str, Any]] = json.loads(done.stdout)
        return emails

    def worker_of(self, port: int) -> int:
        """Return the id of the process that serves a client's connection."""
        inode = _inode(self.port, port)
        return next(pid for pid in below(self.process.pid) if inode in _sockets(pid))


@contextmanager
def in_thread(app: "WSGIApplication", host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an app of this process for a block; yield its URL without a trailing slash."""
    server = make_server(host, 0, app, threaded=True)
    # It looks so often for the end of the block; half a second is the library's choice.
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served(settings: Settings, *, workers: int = 2) -> Iterator[Served]:
    """Serve the site of `settings` until the block ends."""
    port = free_port()
    environment = environment_of(settings)
    environment[f"{PREFIX}BASE_URL"] = f"http://127.0.0.1:{port}"
    with serving(environment, port, "--workers", str(workers)) as process:
        yield Served(settings, port, environment, process)


@contextmanager
def serving(
    environment: dict[str, str], port: int, *options: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command that serves a site until the block ends."""
    command = [
        sys.executable,
        "-m",
        "flask",
        "site",
        "serve",
        "--port",
        str(port),
        *options,
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        await_answer(process, port)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)


def await_answer(
    process: "subprocess.Popen[bytes]", port: int, seconds: float = START_SECONDS
) -> None:
    """Wait until the started site listens on `port`."""
    for _ in range(int(seconds / PAUSE)):
        assert process.poll() is None, "the site ended before it answered"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        Event().wait(PAUSE)
    raise TimeoutError("the site did not answer")


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process of this site."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {
        f"{PREFIX}SECRET_KEY": settings.secret_key,
        f"{PREFIX}INSTANCE": str(settings.instance),
        f"{PREFIX}DATABASE_URL": settings.database_url,
        f"{PREFIX}ACCESS_DATABASE_URL": settings.access_database_url,
        f"{PREFIX}SMTP_URL": settings.smtp_url,
        f"{PREFIX}PROXIES": str(settings.proxies),
    }


def environment() -> dict[str, str]:
    """Return a minimal environment with the PATH of git, make and Python."""
    tools = [shutil.which(name) for name in ("git", "make", "python3", "sh")]
    folders = dict.fromkeys(str(Path(tool).parent) for tool in tools if tool)
    return {"PATH": ":".join(folders), "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}


def free_port() -> int:
    """Return a port that nobody listens on.

    It is below those that the kernel gives to clients, who could take it meanwhile, and is
    drawn without the seed that all workers share.
    """
    while True:
        port = 15_000 + randbelow(17_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _inode(ours: int, theirs: int) -> str:
    """Return the inode of the socket between our port and a client's (Linux)."""
    ends = f":{ours:04X}", f":{theirs:04X}"
    lines = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
    return next(line[9] for line in lines if (line[1][-5:], line[2][-5:]) == ends)


def _sockets(pid: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        # A file may be closed meanwhile.
        with suppress(FileNotFoundError):
            found.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def below(pid: int) -> Iterator[int]:
    """Yield the ids of all descendant processes of `pid`."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            yield child
            yield from below(child)

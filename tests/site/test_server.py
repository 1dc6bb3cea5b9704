"""Dead workers are restarted one by one; the server stops only if none can start."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from neupusti.access.recording.recorder import LARGE
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.site.views import server
from tests.conftest import SQLITE
from tests.served import PAUSE, START_SECONDS, STOP_SECONDS, below, free_port, served

pytestmark = pytest.mark.slow
KILLS = 8
Process = subprocess.Popen[str]


def eventually(what: Callable[[], Any]) -> Any:
    """Poll `what`; return its first true value."""
    for _ in range(int(START_SECONDS / PAUSE)):
        if found := what():
            return found
        Event().wait(PAUSE)
    pytest.fail("it never came to that")


def answer(port: int, path: str = "/") -> str:
    """Return the response to a new connection, or an empty string."""
    with (
        suppress(OSError, HTTPException),
        closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection,
    ):
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    return ""


def gone(pid: int) -> bool:
    """Return whether there is no such process."""
    return not Path(f"/proc/{pid}").exists()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[Process, int]]]:
    """Start a server of a failing app in its own folder."""
    processes: list[Process] = []

    def start(name: str, *constants: str) -> tuple[Process, int]:
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "tests.site.failing_apps",
            name,
            str(port),
            *constants,
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        processes.append(
            Process(
                command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
            )
        )
        return processes[-1], port

    yield start
    for process in processes:
        for pid in (*below(process.pid), process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=STOP_SECONDS)


@SQLITE
def test_the_site_outlives_its_workers(settings: Settings) -> None:
    chance = random.Random(1)  # noqa: S311 - whom to kill
    with served(settings) as site:
        for _ in range(KILLS):
            victim = chance.choice(eventually(lambda: site.workers))
            os.kill(victim, signal.SIGKILL)
            assert eventually(lambda: answer(site.port, "/healthz")) == "ok\n"
        assert site.process.poll() is None
        eventually(lambda: len(site.workers) == 2)
    assert site.process.returncode == 0


@SQLITE
def test_an_answer_is_sent_in_one_piece(settings: Settings) -> None:
    """Of a machine that dies there is all or nothing, and a proxy asks another one."""
    with served(settings) as site:
        for method, path in (
            ("GET", "/healthz"),
            ("GET", "/en/orders/find"),
            ("HEAD", "/"),
        ):
            with socket.create_connection(("127.0.0.1", site.port)) as connection:
                request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n\r\n"
                connection.sendall(request.encode())
                head, _, body = connection.recv(LARGE).decode().partition("\r\n\r\n")
                (length,) = re.findall(r"content-length: (\d+)", head.lower())
                assert (len(body.encode()) == int(length)) is (method == "GET")


def test_a_healthy_worker_serves_on_while_another_keeps_dying(
    started: Callable[..., tuple[Process, int]],
) -> None:
    process, port = started("sound")
    survivor = int(eventually(lambda: answer(port)))
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/")
        survivor = int(connection.getresponse().read())
        for _ in range(KILLS // 2):
            (other,) = eventually(lambda: {*below(process.pid)} - {survivor})
            os.kill(other, signal.SIGKILL)
            eventually(partial(gone, other))
            connection.request("GET", "/")
            assert int(connection.getresponse().read()) == survivor
    assert process.poll() is None


def test_the_server_stops_only_if_no_worker_can_start(
    started: Callable[..., tuple[Process, int]], tmp_path: Path
) -> None:
    process, port = started("once")
    only = int(eventually(lambda: answer(port)))
    # The other fails at its start, and fails again.
    eventually(lambda: len([*tmp_path.glob("begun-*")]) > 2)
    assert int(answer(port)) == only
    assert process.poll() is None
    os.kill(only, signal.SIGKILL)
    _, errors = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1
    assert "no worker starts" in errors


def test_an_app_that_is_broken_is_reported_and_ends_the_server(
    started: Callable[..., tuple[Process, int]],
) -> None:
    process, _ = started("broken")
    _, errors = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 1
    assert "RuntimeError: planted at the start" in errors
    assert "no worker starts" in errors


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_does_not_wait_for_a_backoff(
    started: Callable[..., tuple[Process, int]], stop: signal.Signals
) -> None:
    process, port = started("sound", "INITIAL_BACKOFF=3600", "MAX_BACKOFF=3600")
    eventually(lambda: answer(port))
    dead, living = eventually(
        lambda: len([*below(process.pid)]) == 2 and below(process.pid)
    )
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: gone(dead))
    process.send_signal(stop)
    _, errors = process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0, errors
    assert gone(living)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_does_not_wait_for_a_worker_that_is_not_up_yet(
    started: Callable[..., tuple[Process, int]], tmp_path: Path, stop: signal.Signals
) -> None:
    process, _ = started("endless", "STOP_SECONDS=3600")
    begun = eventually(lambda: len(found := [*tmp_path.glob("begun-*")]) == 2 and found)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0, errors
    assert all(gone(int(path.name.partition("-")[2])) for path in begun)


def test_backoffs_grow_until_a_worker_was_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = server.server("nothing:here", host="127.0.0.1", port=0, workers=2)
    monkeypatch.setattr(server, "monotonic", lambda: 1000.0)
    dying: Any = SimpleNamespace(idx=1, birth=999.0)
    backoffs = [instance.backoff(dying) for _ in range(12)]
    assert backoffs[:4] == [0.1, 0.2, 0.4, 0.8]
    assert backoffs[-1] == backoffs[-2] == server.MAX_BACKOFF
    other: Any = SimpleNamespace(idx=0, birth=999.0)
    assert instance.backoff(other) == server.INITIAL_BACKOFF
    dying.birth = 1000.0 - server.HEALTHY_SECONDS
    assert instance.backoff(dying) == server.INITIAL_BACKOFF


def test_a_failed_start_of_a_worker_is_retried() -> None:
    instance: Any = server.server("nothing:here", host="127.0.0.1", port=0, workers=2)
    starts = iter([OSError(), OSError(), None])

    class Worker:
        def __init__(self, idx: int, *_: object, alive: bool = True) -> None:
            self.idx, self.birth, self.alive = idx, monotonic(), alive
            self.inner = SimpleNamespace(is_alive=lambda: self.alive, exitcode=-9)

        def start(self) -> None:
            if (refused := next(starts)) is not None:
                raise refused
            instance.interrupt_signal = True
            instance.main_loop_interrupt.set()

    instance.wrks = [Worker(0), Worker(1, alive=False)]
    instance.backoffs = [0.0, 0.0]
    instance._spawn_worker = Worker  # noqa: SLF001 - the seams of the server's class
    instance._serve_loop(None, None)  # noqa: SLF001
    assert [worker.alive for worker in instance.wrks] == [True, True]


def test_what_dies_during_a_stop_does_not_make_it_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("granian.server.common.set_main_signals", lambda *_: None)
    instance: Any = server.server("nothing:here", host="127.0.0.1", port=0, workers=2)
    instance.startup(lambda *_: None, None)  # its workers end at once
    instance.interrupt_children.append(0)  # as a thread of Granian does, however late
    instance.shutdown()

"""Restarts under load behind the shipped proxies: no request fails."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import urlencode

import pytest

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.site.views.server import BACKLOG
from tests.conftest import SQLITE
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.deploy.test_proxies import FORM
from tests.served import STOP_SECONDS, environment_of
from tests.site.test_server import eventually

pytestmark = pytest.mark.slow
CLIENTS = 8
ANSWERS = 100
"""So many between a start and the next stop."""
REQUESTS = (
    ("/policy/", b"", 200),
    ("/cookies/", urlencode({"choice": "reject"}).encode(), 303),
    ("/healthz", b"", 200),
)
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What systemd does between fork and exec (sd_listen_fds(3))."""


@contextmanager
def started(settings: Settings, listener: socket.socket) -> Iterator[ProxyClient]:
    """Serve the site at a socket handed over as systemd does, until it has stopped."""
    command = [sys.executable, "-m", "flask", "site", "serve"]
    process = subprocess.Popen(
        [sys.executable, "-c", HAND_OVER, str(listener.fileno()), *command],
        cwd=ROOT,
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
        pass_fds=(listener.fileno(),),
    )
    try:
        client = ProxyClient(listener.getsockname()[1])
        assert client.ask("GET", "/healthz")[0] == 200
        yield client
    finally:
        process.terminate()
        assert process.wait(timeout=STOP_SECONDS) == 0


@dataclass
class Load:
    """Clients that ask one request after the other, until the block ends."""

    client: ProxyClient
    answered: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self.threads = [
            Thread(target=self._ask, args=REQUESTS[number % len(REQUESTS)])
            for number in range(CLIENTS)
        ]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, path: str, body: bytes, expected: int) -> None:
        own = replace(self.client, cookies={})
        headers = {"Content_Type": FORM, "Sec_Fetch_Site": "same-origin"}
        while not self.ended.is_set():
            status, page = own.ask("POST" if body else "GET", path, body, **headers)
            self.answered.append(status)
            if status != expected:
                self.failed.append(f"{path} {status} {page[:80]}")


@SQLITE
@pytest.mark.ordeal(1, 20)
@pytest.mark.parametrize("proxy", [proxies.NGINX, proxies.CADDY])
def test_no_request_fails_over_restarts(
    settings: Settings, proxy: str, size: int, tmp_path: Path
) -> None:
    folder = tmp_path / proxy
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        run = getattr(proxies, proxy)
        with run(listener.getsockname()[1], folder) as client, ExitStack() as stack:
            load = stack.enter_context(Load(client))
            for _ in range(size):
                with started(settings, listener):
                    before = len(load.answered)
                    eventually(lambda: len(load.answered) > before + ANSWERS)  # noqa: B023
            with started(settings, listener):
                stack.close()
    assert load.failed == [], f"{len(load.failed)} of {len(load.answered)}"

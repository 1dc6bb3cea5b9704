"""Machines restarted one after the other, as the README says: no request fails."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from neupusti.config.settings import Settings
from neupusti.site.views.server import BACKLOG
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.deploy.standby import readme
from tests.deploy.test_restarts import ANSWERS, Load, started
from tests.site.test_server import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True),
]
ONE = "10.0.0.11"
SED = re.compile(r"(?m)^ *sed -i '(/10.0.0.11/\S.*?)' /etc/nginx/neupusti-upstream.conf")


@dataclass
class Machine:
    """A machine of the site, whose socket stays open over restarts."""

    settings: Settings
    listener: socket.socket
    running: ExitStack

    @property
    def port(self) -> int:
        """The port of its socket."""
        port: int = self.listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Start the site."""
        self.running.enter_context(started(self.settings, self.listener))

    def restart(self) -> None:
        """Stop it and start it again, as systemd does."""
        self.running.close()
        self.start()


@pytest.fixture
def two(settings: Settings, tmp_path: Path) -> Iterator[list[Machine]]:
    """Two machines of one site."""
    with ExitStack() as stack:
        made = []
        for name in ("first", "second"):
            (folder := tmp_path / name).mkdir()
            listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
            stack.enter_context(listener)
            running = stack.enter_context(ExitStack())
            own = replace(settings, instance=folder, proxies=1)
            made.append(Machine(own, listener, running))
            made[-1].start()
        yield made


def told(proxy: ProxyClient, machine: Machine, edit: str) -> None:
    """Change the line of a machine, and let nginx read it: `systemctl reload nginx`."""
    own = edit.replace(ONE, f"127.0.0.1:{machine.port}")
    before = (proxy.folder / "upstream.conf").read_text()
    subprocess.run(["sed", "-i", own, proxy.folder / "upstream.conf"], check=True)
    assert (proxy.folder / "upstream.conf").read_text() != before
    os.kill(int((proxy.folder / "pid").read_text()), signal.SIGHUP)


@pytest.mark.ordeal(1, 10)
def test_no_request_fails_while_machines_restart_in_turn(
    two: list[Machine], size: int, tmp_path: Path
) -> None:
    out, back = SED.findall(readme())
    (folder := tmp_path / "proxy").mkdir()
    ports = [machine.port for machine in two]
    with proxies.nginx(ports[0], folder, *ports[1:]) as proxy, Load(proxy) as load:
        for machine in two * size:
            told(proxy, machine, out)
            machine.restart()
            ready = ProxyClient(machine.port)
            eventually(lambda: ready.ask("GET", "/readyz")[0] == 200)  # noqa: B023
            told(proxy, machine, back)
            before = len(load.answered)
            eventually(lambda: len(load.answered) > before + ANSWERS)  # noqa: B023
    assert load.failed == [], f"{len(load.failed)} of {len(load.answered)}"

"""Real requests: the clients, GoAccess and the site count the same."""

import json
import os
import random
import socket
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import Engine

from neupusti.access.ingest import logfields
from neupusti.access.models import Record
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core import clock
from tests.access import logs
from tests.access.conftest import count_rows, csrf_token
from tests.lending import SECRET
from tests.statistics import oracle
from tests.times import Clock

PATIENCE, PAUSE = 600, 0.05
pytestmark = pytest.mark.slow
DAYS = timedelta(hours=100)
BEGIN = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
TARGETS = [
    "/", "/en/", "/kk/policy/", "/policy/", "/policy/?from=mail", "/en/cookies/",
    "/healthz", "/catalog/", "/account/login", "/account/", "/admin/access/",
    "/robots.txt", "/missing",
    "/%D1%87%D0%B0%D0%B9", "/two%20words?q=%D1%87", "/wp-login.php", "/.env", "/policy",
]  # fmt: skip
CODINGS = ["", "gzip", "br", "gzip, deflate, br, zstd"]
METHODS = ["GET"] * 8 + ["HEAD", "POST"]


@dataclass
class Clients:
    """Clients at many local addresses, which count their responses."""

    port: int
    moment: Callable[[], datetime]
    dice: random.Random = field(default_factory=lambda: random.Random(21))
    lines: list[bytes] = field(default_factory=list)
    figures: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bytes: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    def visit(self) -> None:
        """Send one random request and count it."""
        dice = self.dice
        ip = f"127.{dice.randrange(3)}.{dice.randrange(4)}.{dice.randrange(1, 9)}"
        agent = dice.choice([*logs.PEOPLE, *logs.CRAWLERS, "curl/8.5.0"])
        referrer = dice.choice(["", "https://yandex.kz/search/", "https://t.me/neupusti"])
        method, target = dice.choice(METHODS), dice.choice(TARGETS)
        headers = {"User-Agent": agent, "Accept-Encoding": dice.choice(CODINGS)}
        # Without a trusted proxy these headers are ignored.
        headers |= {"X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9"}
        if referrer:
            headers["Referer"] = referrer
        if target in self.tags and dice.random() < 0.5:
            headers["If-None-Match"] = self.tags[target]
        at = self.moment()
        status, size = self._ask(ip, method, target, headers)
        self.bytes += size
        for name, value in (
            ("by_ip", ip),
            ("by_status", str(status)),
            ("by_path", unquote(target.partition("?")[0])),
        ):
            self.figures[name][value] += 1
        request_line = f"{method} {target} HTTP/1.1"
        rest = f'"{request_line}" {status} {size} "{referrer or "-"}" "{agent}"'
        self.lines.append(f"{ip} - - [{stamped(at)}] {rest}".encode())

    def _ask(
        self, ip: str, method: str, target: str, headers: dict[str, str]
    ) -> tuple[int, int]:
        connection = HTTPConnection("127.0.0.1", self.port, source_address=(ip, 0))
        # A server that is starting may refuse or drop a connection.
        for _ in range(PATIENCE):
            with suppress(ConnectionError):
                connection.connect()
                break
            Event().wait(PAUSE)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            size = len(answer.read())
        finally:
            connection.close()
        if tag := answer.headers.get("ETag"):
            self.tags[target] = tag
        return answer.status, size


def stamped(at: datetime) -> str:
    """Return a moment as logs write it, in Almaty's zone."""
    local = at.astimezone(clock.ALMATY)
    return f"{local:%d}/{logfields.MONTHS[local.month - 1]}/{local:%Y:%H:%M:%S %z}"


@pytest.mark.clause("3.3.2")
@pytest.mark.ordeal(1000, 3000)
def test_a_week_of_requests_is_counted_as_the_client_counts_it(  # noqa: PLR0913, PLR0917
    site_url: str,
    at: Clock,
    command: Callable[..., Result],
    engine: Engine,
    tmp_path: Path,
    size: int,
) -> None:
    moment = BEGIN
    clients = Clients(int(site_url.rpartition(":")[2]), lambda: moment)
    for _ in range(size):
        moment += DAYS / size
        at(moment)
        clients.visit()
    assert command("ingest", "--once").exit_code == 0
    assert count_rows(engine, Record) == size
    log = tmp_path / "client.log"
    log.write_bytes(b"\n".join(clients.lines) + b"\n")

    ours = report(command, BEGIN, moment)
    assert len(ours["by_day"]) > 4
    assert_counted(ours, clients)
    theirs = oracle.goaccess(log)
    oracle.assert_same_figures(ours, theirs)
    assert ours["by_path"] == oracle.paths(theirs)


def report(
    command: Callable[..., Result], first: datetime, last: datetime
) -> dict[str, Any]:
    """Return the site's report of these days."""
    days = [f"{moment.astimezone(clock.ALMATY):%Y-%m-%d}" for moment in (first, last)]
    done = command(
        "report", "--from", days[0], "--to", days[1], "--json", "--reason", "oracle"
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_counted(ours: dict[str, Any], clients: Clients) -> None:
    """Compare a report with what the clients counted themselves."""
    assert ours["requests"] == len(clients.lines)
    assert ours["bytes"] == clients.bytes
    for name, counted in clients.figures.items():
        assert ours[name] == counted, name
    assert len(clients.figures["by_status"]) > 4


@contextmanager
def served(settings: Settings) -> Iterator[int]:
    """Run the production server on the databases of this test."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "NEUPUSTI_SECRET_KEY": SECRET,
        "NEUPUSTI_INSTANCE": str(settings.instance),
        "NEUPUSTI_DATABASE_URL": settings.database_url,
        "NEUPUSTI_ACCESS_DATABASE_URL": settings.access_database_url,
    }
    command = [sys.executable, "-m", "flask", "site", "serve", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            yield port
        finally:
            server.terminate()
    assert server.returncode == 0


@pytest.mark.clause("3.3.2")
@pytest.mark.ordeal(500, 1500)
def test_the_server_of_the_public_is_counted_as_its_clients_count(
    settings: Settings,
    staff: FlaskClient,
    command: Callable[..., Result],
    tmp_path: Path,
    size: int,
) -> None:
    first = clock.now()
    with served(settings) as port:
        clients = Clients(port, clock.now)
        for _ in range(size):
            clients.visit()
    # It has stopped: the rest of the spool is ingested here.
    assert command("ingest", "--once").exit_code == 0
    ours = report(command, first, clock.now())
    assert_counted(ours, clients)

    page = staff.get("/en/admin/access/log/?period=7d").text
    data = {"csrf_token": csrf_token(page), "reason": "to compare", "addresses": "whole"}
    log = tmp_path / "server.log"
    log.write_bytes(staff.post("/en/admin/access/log/?period=7d", data=data).data)
    theirs = oracle.goaccess(log)
    oracle.assert_same_figures(ours, theirs)
    assert ours["by_path"] == oracle.paths(theirs)

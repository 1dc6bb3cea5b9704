"""Measure the access log against its targets: `python -m bench.access [--rows 10000000]`.

Each part runs in its own data folder, on SQLite. Processor time is measured where other
processes would distort the result.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.request import Request, urlopen

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine
from werkzeug.test import EnvironBuilder

from bench.access_junk import junk
from bench.pages import Figure
from neupusti.access.ingest import logformats, spool_reader
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.logfields import MalformedError
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import millis
from neupusti.access.recording.line import encode
from neupusti.access.recording.recorder import Recorder, SecretPaths
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.visitors import Visitors
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.data.database import ACCESS, db, prepare
from neupusti.core.feature import CONSENT_LIFETIME
from neupusti.core.rules import Permission
from neupusti.statistics.queries import addresses
from tests import desk
from tests.access import logs
from tests.access.crash import CrashTest
from tests.lending import SECRET
from tests.people import DANA

REQUESTS, INGESTED = 20_000, 200_000
DAYS = 30
DAY_MS = 86_400_000
COPIED = {
    "access_record": ("at", None),
    "access_total": ("start", None),
    "access_rollup": (None, "day"),
    "access_address": (None, "day"),
    "access_latency": (None, "day"),
}
"""Tables whose rows of one day are copied, and their columns of time and day."""
ROUNDS, KILLS = 40, 200
MICRO, MILLI, MIB = 1e6, 1e3, 1024


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=KILLS)
    chosen = parser.parse_args()
    missed = 0
    for part in (
        recording,
        ingest,
        junk,
        lambda: pages(chosen.rows),
        freshness,
        lambda: crash(chosen.kills),
    ):
        for figure in part():
            print(figure, flush=True)
            missed += not figure.met
    return 1 if missed else 0


@contextmanager
def site() -> Iterator[tuple[Flask, Engine, Path]]:
    """Set up a site in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        app = create_app(Settings(secret_key=SECRET, instance=home))
        with app.app_context():
            flask_migrate.upgrade()
            yield app, db.engines[ACCESS], home / "access-spool"


def recording() -> Iterator[Figure]:
    """Measure the cost of recording one request."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        recorder = Recorder(
            _respond,
            spool,
            secrets=lambda: SecretPaths(("/account/confirm/",)),
            visitors=Visitors(SECRET, "visitor", CONSENT_LIFETIME),
        )
        environ = EnvironBuilder(
            "/product/teapot",
            environ_overrides={
                "HTTP_USER_AGENT": logs.PEOPLE[0],
                "HTTP_REFERER": "https://yandex.kz/?q=1",
            },
        ).get_environ()
        with_, without = _timed(recorder, environ), _timed(_respond, environ)
        spool.close()
    yield Figure("recording, median of a request", with_ - without, "µs", most=40)


def _respond(_environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [])
    return [b"ok"]


def _timed(application: Any, environ: dict[str, Any]) -> float:
    taken = []
    for _ in range(REQUESTS):
        copy = dict(environ)
        began = time.perf_counter()
        body = application(copy, lambda *_: None)
        for _part in body:
            pass
        if hasattr(body, "close"):
            body.close()
        taken.append(time.perf_counter() - began)
    return median(taken) * MICRO


def ingest() -> Iterator[Figure]:
    """Measure the rate and the memory of the ingest in one process."""
    with site() as (_, engine, folder):
        spool = Spool(folder)
        parse = logformats.parser(logformats.Format.COMBINED)
        for line in logs.lines(INGESTED, clock.now(), days=2):
            try:
                entry = parse(line.decode("utf-8", "backslashreplace"))
            except MalformedError:
                continue
            entry.duration_us, entry.route = len(entry.path) * 371, entry.path[:12]
            spool.append(encode(entry))
        spool.close()
        url = engine.url.render_as_string(hide_password=False)
        engine.dispose()
        command = [sys.executable, "-m", "bench.access_spool", url, str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        number, wall, processor, peak = map(float, done.stdout.split())
    yield Figure("ingest, records a second of wall time", number / wall, "/s", least=25_000)
    rate = number / processor
    yield Figure("ingest, records a second of processor time", rate, "/s", least=25_000)
    yield Figure("ingest, peak memory", peak / MIB, "MiB", most=200)


def pages(rows: int) -> Iterator[Figure]:
    """Measure the overview and one address over many rows."""
    with site() as (app, engine, folder):
        _fill(engine, folder, rows)
        browser = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))

        def open_overview() -> int:
            response = browser.get("/en/admin/access/?period=30d")
            if response.status_code != 200:
                raise RuntimeError(f"the overview returned {response.status_code}")
            return len(response.data)

        size = open_overview()
        taken = quantiles(_repeated(open_overview), n=20)[-1]
        yield Figure(f"overview of 30 days over {rows:,} rows, p95", taken, "ms", most=150)
        yield Figure("overview, HTML", size / MIB, "KiB", most=60)
        with engine.connect() as connection:
            ip = _busiest(connection)
            since = clock.now() - timedelta(days=90)
            taken = quantiles(
                _repeated(lambda: addresses.timeline(connection, ip, since, 0, 100)), n=20
            )[-1]
        yield Figure(
            f"timeline of one address over {rows:,} rows, p95", taken, "ms", most=10
        )


def _repeated(call: Callable[[], Any]) -> list[float]:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * MILLI)
    return taken


def _fill(engine: Engine, folder: Path, rows: int) -> None:
    """Ingest one day, then copy it to the days before."""
    spool = Spool(folder)
    parse = logformats.parser(logformats.Format.COMBINED)
    noon = clock.midnight(clock.today()) - timedelta(milliseconds=1)
    for line in logs.lines(rows // DAYS, noon, days=1):
        try:
            spool.append(encode(parse(line.decode("utf-8", "backslashreplace"))))
        except MalformedError:
            continue
    spool.close()
    spool_reader.ingest(engine, folder, Enrichment(Countries(), Referrers()))
    with engine.connect() as connection:
        # Otherwise index look-ups of ten million rows read from the disk.
        connection.exec_driver_sql("PRAGMA cache_size = -1000000")
        end = millis(noon)
        for table, (moment, day) in COPIED.items():
            info = connection.exec_driver_sql(f"PRAGMA table_info({table})")
            columns = [row[1] for row in info if (table, row[1]) != ("access_record", "id")]
            for back in range(1, DAYS):
                values = {
                    moment: f"{moment} - {back * DAY_MS}",
                    day: f"date(day, '-{back} days')",
                }
                picked = ", ".join(str(values.get(name, name)) for name in columns)
                newest = (
                    f"{moment} > {end - DAY_MS}"
                    if moment
                    else f"day = (SELECT max(day) FROM {table})"
                )
                connection.exec_driver_sql(
                    f"INSERT INTO {table} ({', '.join(columns)})"
                    f" SELECT {picked} FROM {table} WHERE {newest}"
                )
                connection.commit()


def _busiest(connection: Connection) -> str:
    row = connection.exec_driver_sql(
        "SELECT ip FROM access_address ORDER BY requests DESC LIMIT 1"
    ).one()
    return str(row[0])


def freshness() -> Iterator[Figure]:
    """Measure the delay from a response to its row in the database."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NEUPUSTI_INSTANCE": folder}
        command = [sys.executable, "-m", "flask", "site", "serve", "--port", str(port)]
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            taken = [_delay(folder, port) for _ in range(5)]
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)
    yield Figure("a request in the live view after, at most", max(taken), "s", most=2)


def _delay(folder: str, port: int) -> float:
    engine = create_engine(f"sqlite:///{folder}/access.sqlite")
    prepare(engine, synchronous="NORMAL")
    path = f"/seen-{time.monotonic_ns()}"
    for _ in range(600):
        try:
            urlopen(Request(f"http://127.0.0.1:{port}{path}"))
        except OSError as error:
            if "404" in str(error):
                break
            time.sleep(0.1)
    began = time.monotonic()
    query = "SELECT 1 FROM access_record WHERE path = ?"
    while time.monotonic() - began < 60:
        with engine.connect() as connection:
            if connection.exec_driver_sql(query, (path,)).scalar():
                return time.monotonic() - began
        time.sleep(0.02)
    return 60.0


def crash(kills: int) -> Iterator[Figure]:
    """Kill workers and aggregators; count lost and duplicated records."""
    with site() as (app, engine, _):
        test = CrashTest(app.extensions["neupusti.settings"], engine)
        test.run(kills)
        lost, duplicated, differing = map(
            len, (test.lost, test.duplicated, test.inconsistent)
        )
        responses, rows = len(test.received), test.logged.total()
        print(f"{kills} kills, {responses} complete responses, {rows} rows")
    yield Figure("records lost", lost, "", most=0)
    yield Figure("records counted twice", duplicated, "", most=0)
    yield Figure("moments at which a roll-up differs from the rows", differing, "", most=0)


if __name__ == "__main__":
    sys.exit(main())

"""What blocking costs who is not blocked, and how soon it works, on both databases.

    python -m bench.blocking [ROWS]

Writes with the guards and without them, reads through the views and without, in turns.
Then a served site of two processes, in which somebody blocks their data.
Exits with 1 when a target is missed.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

from sqlalchemy import Connection, Engine, text

from bench.blocking_delay import delays
from bench.blocking_pages import pages
from bench.pages import Figure, outcome
from bench.rights import fill
from neupusti.config.settings import Settings
from neupusti.core.blocking import blocks, guards, shadows
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.registry import registry
from tests.lending import SECRET, opened, seeded
from tests.postgres import Cluster, ground

ROWS, BLOCKS, ROUNDS, SCANNED, READS = 20_000, 20, 9, 20, 200
FIRST_BUYER, BUYERS = 1000, 5000
FIRST_FREE = FIRST_BUYER + BLOCKS
"""Whose data are not blocked."""
MICRO, PERCENT = 1e6, 100
MOST_READ = 20.0
MOST_BESIDE = 150.0
"""What one query more in a query takes, of bare queries; of pages see `blocking_pages`."""
MOST_WRITE = {"sqlite": 3.0, "postgresql": 12.0}
"""Microseconds a row."""
WRITES = {
    "orders": f"UPDATE shop_order SET version = version + 1 WHERE person >= {FIRST_FREE}",
    "lines of orders": (
        'UPDATE order_line SET cancelled = cancelled WHERE "order" IN '
        f"(SELECT id FROM shop_order WHERE person >= {FIRST_FREE})"
    ),
}
SPREAD = f"UPDATE shop_order SET person = {FIRST_BUYER} + id % {BUYERS}"
"""Orders of many people: were all of one, PostgreSQL would read them all for a block."""
PAGE = "SELECT * FROM shop_order ORDER BY placed_at DESC LIMIT 50"
SCANS = {
    "count of all": "SELECT count(*), sum(total) FROM shop_order",
    "join of all lines": (
        "SELECT count(*), max(o.total) FROM order_line l "
        'JOIN shop_order o ON o.id = l."order"'
    ),
}
POINTS = {
    "one order": "SELECT * FROM shop_order WHERE id = 1000100",
    "lines of one order": 'SELECT * FROM order_line WHERE "order" = 1000100',
    "newest 50": PAGE,
}


def main(rows: int) -> int:
    """Measure both databases."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ground() as place,
        Cluster(place).running() as cluster,
    ):
        home = Path(folder)
        missed = outcome(measured(_settings(home / "costs"), rows))
        missed |= outcome(delays(_settings(home / "delay")))
        missed |= outcome(measured(_settings(home / "costs_there", cluster), rows))
        return missed | outcome(delays(_settings(home / "delay_there", cluster)))


def _settings(folder: Path, cluster: Cluster | None = None) -> Settings:
    """Return those of a new site, on SQLite or on a server."""
    folder.mkdir()
    one = Settings(secret_key=SECRET, instance=folder)
    if cluster is None:
        return one
    main, access = f"main_{folder.name}", f"access_{folder.name}"
    cluster.execute(f"CREATE DATABASE {main}", f"CREATE DATABASE {access}")
    return replace(
        one, database_url=cluster.url(main), access_database_url=cluster.url(access)
    )


def measured(settings: Settings, rows: int) -> Iterator[Figure]:
    """Yield the figures of one database."""
    seeded(settings)
    with opened(settings) as app:
        app.testing = True
        fill(rows)
        with writing() as session:
            session.execute(text(SPREAD))
        with db.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.execute(text("ANALYZE"))
        name = db.engine.dialect.name
        reading = shadows.reading_engine(db.engine, registry().blockable)
        yield from reads(f"{name}: views", reading, most=MOST_READ)
        with writing() as session:
            for person in range(FIRST_BUYER, FIRST_FREE):
                blocks.open_block(session, Whose(person=person), by=Cause.STAFF)
        for what, statement in WRITES.items():
            yield Figure(
                f"{name}: guards, a row of {what}",
                added(statement) * MICRO,
                "µs",
                most=MOST_WRITE[name],
            )
        yield from reads(f"{name}: views beside {BLOCKS} blocks", reading)
        reading.dispose()
        yield from pages(f"{name}: beside {BLOCKS} blocks", app)


def reads(name: str, reading: Engine, most: float = MOST_BESIDE) -> Iterator[Figure]:
    """Yield by how much each query takes longer on the connections of staff."""
    for times, queries in ((SCANNED, SCANS), (READS, POINTS)):
        for what, query in queries.items():
            more = slower(db.engine, reading, query, times)
            yield Figure(f"{name}, {what}", more, "%", most=most)


def added(statement: str) -> float:
    """Return how many seconds a row the guards add, by the median of the pairs."""
    pairs = []
    for _round in range(ROUNDS):
        guarded, rows = written(statement)
        with unguarded():
            bare, _rows = written(statement)
        pairs.append((guarded - bare) / rows)
    return median(pairs)


def now(connection: Connection) -> float:
    """Return seconds of the processor, which the load of others does not distort.

    Of PostgreSQL with those of its process, which is on this machine.
    """
    if connection.dialect.name == "sqlite":
        return process_time()
    backend = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    # `stat` counts hundredths of a second, of which a round has few.
    nanoseconds = Path(f"/proc/{backend}/schedstat").read_text().split()[0]
    return process_time() + int(nanoseconds) / 1e9


def written(statement: str) -> tuple[float, int]:
    """Return the seconds of a statement that is rolled back, and its rows."""
    with db.engine.connect() as connection:
        began = now(connection)
        rows = connection.execute(text(statement)).rowcount
        seconds = now(connection) - began
        connection.rollback()
    return seconds, rows


@contextmanager
def unguarded() -> Iterator[None]:
    """Take the guards off for a block."""
    with db.engine.begin() as connection:
        guards.remove(connection)
    yield
    with db.engine.begin() as connection:
        guards.make(connection, registry().guarded)


def slower(plain: Engine, reading: Engine, query: str, times: int) -> float:
    """Return by how many percent a query takes longer, by the median of the pairs."""
    with plain.connect() as one, reading.connect() as other:
        for connection in (one, other):
            timed(connection, query, 1)
        pairs = [
            timed(other, query, times) / timed(one, query, times)
            for _round in range(ROUNDS * 3)
        ]
    return (median(pairs) - 1) * PERCENT


def timed(connection: Connection, query: str, times: int) -> float:
    """Return the seconds of a query, so many times in a row."""
    statement = text(query)
    run: Callable[[], object] = lambda: connection.execute(statement).all()  # noqa: E731
    began = now(connection)
    for _time in range(times):
        run()
    return now(connection) - began


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))

"""Measure which tables grow by what people do, by how many bytes, and when it ends.

A crowd reads, orders, signs in and agrees, each for a while, on one copy of the site with
PostgreSQL. A row's bytes are those of its table with all indexes over its rows, in a table
of some hundred rows or more; the terms are those of the manifests.

usage: python -m bench.growth [--seconds N]
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from flask_babel import force_locale
from sqlalchemy import Engine, text

from neupusti.core.data.database import db
from neupusti.core.keeping import IndefiniteRetention, Retention
from neupusti.core.registry import registry
from tests.core.smtp_server import SmtpServer
from tests.deploy import crowd as people
from tests.deploy.crowd import Crowd
from tests.deploy.machines import machines
from tests.site.test_server import eventually

LEAST, SEEN = 100, 0.01
"""Rows from which on pages that are not full yet matter little; rows by one thing done."""
DOES = {"read": "page read", "buy": "order", "sign_in": "sign-in", "choose": "consent"}
PRESSED = {"buy": "/en/checkout/", "sign_in": "/account/login", "choose": "/en/cookies/"}
"""The form that does it; reading is any page."""
TABLES = text(
    "SELECT c.oid::regclass::text, coalesce((SELECT sum(pg_total_relation_size(relid))"
    " FROM pg_partition_tree(c.oid)), pg_total_relation_size(c.oid))"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
)


def main() -> int:
    """Print the growth of each table."""
    options = argparse.ArgumentParser(description="Measure how tables grow.")
    options.add_argument("--seconds", type=int, default=20, help="for each thing done")
    asked = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        smtp = stack.enter_context(SmtpServer().open())
        site = stack.enter_context(machines(1, folder, smtp.port))
        goods, accounts = people.goods(), people.accounts()
        grown: dict[str, dict[str, float]] = {}
        for kind, what in DOES.items():
            before = rows()
            with Crowd(site, goods, accounts, (kind, kind, kind)) as crowd:
                time.sleep(asked.seconds)
            eventually(lambda: logged(crowd))
            times = done(kind, crowd)
            for table, number in (rows() - before).items():
                grown.setdefault(table, {})[what] = number / times
        with force_locale("en"):
            for line in lines(grown):
                print(line)
    return 0


def rows() -> Counter[str]:
    """Return the rows of each table of both databases."""
    found = Counter[str]()
    for engine in db.engines.values():
        with engine.connect() as connection:
            for table, _bytes in connection.execute(TABLES).all():
                number = connection.scalar(text(f"SELECT count(*) FROM {table}"))
                found[table] = number or 0
    return found


def logged(crowd: Crowd) -> bool:
    """Return whether the access log has the last answers, and all e-mails have left."""
    last = crowd.asked[-1].request_id
    with db.engines["access"].connect() as connection:
        query = text("SELECT count(*) FROM access_record WHERE request_id = :last")
        return bool(connection.scalar(query, {"last": last}))


def done(kind: str, crowd: Crowd) -> int:
    """Return how often the crowd did it."""
    if (path := PRESSED.get(kind)) is None:
        return len(crowd.asked)
    return sum((one.method, one.path) == ("POST", path) for one in crowd.asked)


def lines(grown: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield a row of a table for each table that grew, those of most bytes first."""
    sizes = {table: size for engine in db.engines.values() for table, size in of(engine)}
    yield "| table | rows by | bytes a row | kept |\n|---|---|---|---|"
    for table in sorted(grown, key=lambda name: -sizes.get(name, 0)):
        by = ", ".join(f"{n:.2g} {what}" for what, n in grown[table].items() if n >= SEEN)
        if by and table in sizes:
            yield f"| `{table}` | {by} | {sizes[table]:.0f} | {term(table)} |"


def of(engine: Engine) -> Iterator[tuple[str, float]]:
    """Yield each table of enough rows with the bytes of one."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM FULL"))
        found = rows()
        for table, size in connection.execute(TABLES).all():
            if found[table] >= LEAST:
                yield table, float(size) / found[table]


def term(table: str) -> str:
    """Return how long rows of a table are kept, by the manifests."""
    rules = [one for one in registry().retention if of_table(one, table)]
    days = [f"{rule.term} days{' (masked)' if rule.masked else ''}" for rule in rules]
    endless = [one for one in registry().indefinite if table in names(one)]
    return ", ".join([*dict.fromkeys(days), *(str(one.until) for one in endless)]) or "-"


def of_table(rule: Retention, table: str) -> bool:
    """Return whether a rule is about rows of the table."""
    return str(rule.model.__tablename__) == table


def names(rule: IndefiniteRetention) -> set[str]:
    """Return the tables of a rule."""
    return {str(model.__tablename__) for model in rule.models}


if __name__ == "__main__":
    sys.exit(main())

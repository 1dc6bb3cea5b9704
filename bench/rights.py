"""The export of a person with 10,000 orders, and a flood of asks for links.

    python -m bench.rights [ORDERS]

Exits with 1 when a target is missed.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert

from bench import rights_flood
from bench.pages import outcome
from neupusti.config.settings import Settings
from neupusti.core.blocking.models import Tombstone
from neupusti.core.data import disk
from neupusti.core.data.database import Base, db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.core.web.operator import Operator
from neupusti.delivery.models import Field
from neupusti.rights.service import archive
from neupusti.rights.service.archive import ExportRequest
from neupusti.rights.service.manifest import Manifest
from tests import people
from tests.lending import SECRET, opened, seeded
from tests.rights.canaries import AT, Planted

ORDERS = 10_000
CPU_SECONDS, MIB = 10.0, 64.0
KIB_IN_MIB = 1024
CHUNK = 500
OF_EACH = {
    "shop_order": 1,
    "order_address": 1,
    "order_line": 3,
    "order_event": 4,
    "payment_entry": 1,
    "parcel": 1,
    "parcel_line": 3,
    "disclosure": 1,
    "disclosure_field": 8,
}
"""Rows that an ordinary order leaves in each table."""
LETTERS = 1000
"""E-mails stay for 30 days only, so there are far fewer than orders."""
TEXT, HTML = "Спасибо за заказ. " * 60, "<p>Спасибо за заказ.</p>\n" * 150
"""About as long as the e-mails of an order."""
FIRST = 1_000_000
"""The first number of the rows."""


def main(orders: int) -> int:
    """Write one export; print what it took, and return 1 if it took more than it may."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(secret_key=SECRET, instance=Path(folder))
        seeded(settings)
        with opened(settings) as app:
            rows = fill(orders)
            db.session.remove()
            _export(Path(folder) / "warm.zip", people.BOLAT.email, 2)
            before, started = _memory(), time.process_time()
            made = _export(Path(folder) / "export.zip", people.AIGERIM.email, 1)
            seconds, more = time.process_time() - started, _memory() - before
            db.session.rollback()
            flooded = outcome(rights_flood.figures(app))
    whole = sum(one["bytes"] for one in made.content["files"])
    print(f"{orders} orders, {rows} rows of them; {made.rows} rows exported")
    print(f"{whole / 1e6:.0f} MB in {made.bytes / 1e6:.1f} MB, complete: {made.complete}")
    print(f"processor {seconds:.1f} s (at most {CPU_SECONDS:.0f})")
    print(f"memory +{more:.0f} MiB (at most {MIB:.0f})")
    too_much = seconds > CPU_SECONDS or more > MIB or not made.complete
    return int(too_much) or flooded


def fill(orders: int, without: frozenset[str] = frozenset()) -> int:
    """Give one person orders as the site would have them; return how many rows."""
    planted = Planted(people.AIGERIM, 1, without)
    with writing() as session:
        planted.plant(session)
    numbers = {**dict.fromkeys(OF_EACH, orders), "letter": LETTERS}
    with writing() as session:
        session.execute(delete(Tombstone))
        for table in Base.metadata.sorted_tables:
            own, many = planted.rows.get(table.name, {}), numbers.get(table.name, 0)
            for start in range(0, many, CHUNK):
                chunk = range(start, min(start + CHUNK, many))
                session.execute(insert(table), [*_rows(table.name, own, chunk)])
    return sum(OF_EACH.values()) * orders + LETTERS


def _rows(table: str, like: dict[str, Any], orders: range) -> Iterator[dict[str, Any]]:
    each = OF_EACH.get(table, 1)
    for order, n in product(orders, range(each)):
        number = FIRST + order * each + n
        row = {**like, "at": AT + timedelta(minutes=order)}
        row |= {"id": number, "order": FIRST + order, "position": n + 2, "seq": n + 2}
        row |= {"number": f"N{number}", "submission": f"s{number}", "key": f"k{number}"}
        row |= {"parcel": FIRST + order, "line": FIRST + order * OF_EACH["order_line"] + n}
        row |= {"disclosure": FIRST + order, "field": [*Field][n % len(Field)].value}
        row |= {"text": TEXT, "html": HTML} if table == "letter" else {}
        yield {name: value for name, value in row.items() if name in like}


def _export(path: Path, email: str, person: int) -> Manifest:
    whose = Whose(person=person, email_key=emails.key(email))
    operator = Operator(
        name="Neupusti", bin="", address="", email="", phone="", responsible=""
    )
    request = ExportRequest(number="NZ-1", language=Language.RU, operator=operator)
    return archive.write(whose, disk.replacing(path), request)


def _memory() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_IN_MIB


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS))

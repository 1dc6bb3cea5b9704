"""Whole rows for plants: what is not said is right, and no other proof minds it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Connection, Table, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from neupusti.access.ingest import partitions
from neupusti.access.models import Address, Record, millis
from neupusti.accounts.models import Person
from neupusti.contact.models import ContactMessage, ContactRequest
from neupusti.core.data.database import ACCESS, db
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs.proof import Looking
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.head import HeadFile
from neupusti.core.records.holds import PlacedHold
from neupusti.core.security.grants import StaffGrant
from neupusti.newsletter.models import Subscriber
from neupusti.orders.models.order import ShopOrder
from tests.people import AIGERIM
from tests.proofs.planting import Plant, sql

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
OLD, SOON, FUTURE = "2020-01-01 00:00:00", "2026-11-22 08:00:00", "2100-01-01 00:00:00"
ADDRESS = {"email": AIGERIM.email, "email_key": AIGERIM.email}
RIGHT: Mapping[type[Any], Mapping[str, object]] = {
    Address: {"ip": "unknown"},
    ContactMessage: {"author": "person"},
    ContactRequest: {**ADDRESS, "number": "NC-1"},
    FormConsent: {"edition": "2026-11-01", "at": FUTURE},
    OutboxEmail: {
        "kind": "site.doctor",
        "recipient": AIGERIM.email,
        "recipient_key": AIGERIM.email,
    },
    Person: {**ADDRESS, "kind": "account", "created_at": OLD, "confirmed_at": OLD},
    PlacedHold: {"person": 1},
    Record: {"at": millis(NOW), "ip": "unknown"},
    ShopOrder: {
        **ADDRESS,
        "delivery": "pickup",
        "phone": AIGERIM.phone,
        "phone_end": AIGERIM.phone[-4:],
    },
    Subscriber: {**ADDRESS, "state": "pending"},
}

LISTED = re.compile(r"(\w+) IN \('([^']+)'")


def row(model: type[Any], /, **values: object) -> str:
    """Return the statement that inserts a row; a column that is not named is right."""
    table: Table = model.__table__
    given = {**_listed(table), **RIGHT.get(model, {}), **values}
    whole = {
        column.name: given.get(column.name, _bare(column.type))
        for column in table.columns
        if column.name in given or not (column.nullable or column.name == "id")
    }
    names, written = (
        ", ".join(part) for part in (map(_quoted, whole), map(_sql, whole.values()))
    )
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({written})'  # noqa: S608 - ours


def _listed(table: Table) -> dict[str, str]:
    """Return the first of the values that a constraint lists, by their columns."""
    checks = (one for one in table.constraints if isinstance(one, CheckConstraint))
    found = (LISTED.match(str(check.sqltext)) for check in checks)
    return {one[1]: one[2] for one in found if one}


def _quoted(name: str) -> str:
    return f'"{name}"'


def _bare(kind: TypeEngine[Any]) -> object:
    stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    bare = {bool: False, int: 0, date: SOON[:10], datetime: SOON}
    return bare.get(stored.python_type, "")


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).upper()
    doubled = str(value).replace("'", "''").replace(":", "\\:")
    return f"'{doubled}'"


def person(**values: object) -> tuple[str, str]:
    """Return the statements of a person of the staff, whom nobody asks for a consent."""
    return row(Person, id=1, **values), row(StaffGrant, person=1, permission="orders")


def written(write: Callable[[Session], object]) -> Plant:
    """Return the plant of what the site's own code writes, chained as it does."""

    def flush(connection: Connection) -> None:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            write(session)
            session.commit()

    return sql(flush)


def bare(sqlite: str, postgresql: str = "") -> Plant:
    """Return the plant of a change of the schema, by a statement of either database."""

    @contextmanager
    def plant() -> Iterator[Looking]:
        with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
            on_sqlite = main.dialect.name == "sqlite"
            main.execute(text(sqlite if on_sqlite else postgresql or sqlite))
            yield Looking(main, access)

    return plant


def disarmed(table: str) -> Plant:
    """Return the plant of a table whose triggers do nothing, but for the guards."""
    return bare(
        f"DROP TRIGGER {table}_no_update",
        f"""DO $$ DECLARE one name; BEGIN
        FOR one IN SELECT tgname FROM pg_trigger WHERE tgrelid = '"{table}"'::regclass
            AND NOT tgisinternal AND NOT starts_with(tgname, 'guard_')
        LOOP EXECUTE format('ALTER TABLE "{table}" DISABLE TRIGGER %I', one); END LOOP;
        END $$""",  # noqa: S608 - the tests' own names
    )


def logged(*statements: str) -> Plant:
    """Return the plant of rows of the access log, of whatever day."""
    return sql(_take_any_day, *statements, access=True)


def _take_any_day(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for table in partitions.TABLES:
            new = f"CREATE TABLE {table}_any PARTITION OF {table} DEFAULT"
            connection.execute(text(new))


def kept(head: HeadFile) -> Plant:
    """Return the plant of a kept head whose row is gone."""

    @contextmanager
    def plant() -> Iterator[Looking]:
        head.keep(7, "f" * 64)
        with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
            yield Looking(main, access)
        head.path.unlink()

    return plant

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    select,
)

from neupusti.core.data import finding
from neupusti.core.data.classification import (
    Purpose,
    actor,
    derived,
    impersonal,
    personal,
    subject,
)
from neupusti.core.data.finding import Whose

ME, OTHER, STAFF = 1, 2, 9
MINE, THEIRS = "aigerim@example.kz", "bolat@example.kz"
PHONE = "+77010000001"
ACCOUNT, GUEST = Whose(person=ME, email_key=MINE), Whose(email_key=MINE)
BY_PHONE = Whose(phone=PHONE)
NOTICES = Purpose.NOTICES

METADATA = MetaData()
ORDER = Table(
    "purchase",
    METADATA,
    Column("id", Integer, primary_key=True, info=impersonal()),
    Column("person", Integer, nullable=True, info=subject()),
    Column("email", String, info=personal("3.2.3", NOTICES)),
    Column("phone", String, info=personal("3.2.2", NOTICES)),
)
EVENT = Table(
    "event",
    METADATA,
    Column("id", Integer, primary_key=True, info=impersonal()),
    Column("purchase", Integer, ForeignKey("purchase.id"), info=impersonal()),
    Column("staff", Integer, info=actor()),
)
KEYED = Table(
    "reader",
    METADATA,
    Column("id", Integer, primary_key=True, info=impersonal()),
    Column("email", String, info=personal("3.2.3", NOTICES)),
    Column("email_key", String, info=derived("3.2.3", NOTICES)),
)
ORDERS: list[dict[str, Any]] = [
    {"id": 1, "person": ME, "email": THEIRS, "phone": None},
    {"id": 2, "person": None, "email": "Aigerim@example.kz", "phone": None},
    {"id": 3, "person": OTHER, "email": MINE, "phone": None},
    {"id": 4, "person": OTHER, "email": THEIRS, "phone": PHONE},
    {"id": 5, "person": None, "email": THEIRS, "phone": PHONE},
]


@pytest.fixture
def found() -> Any:
    """Return which rows of a table a condition selects."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        connection.execute(insert(ORDER), ORDERS)
        events = [
            {"id": one["id"], "purchase": one["id"], "staff": STAFF} for one in ORDERS
        ]
        connection.execute(insert(EVENT), events)

        def finding_in(table: Table, condition: Any, whose: Whose) -> list[int]:
            return list(
                connection.scalars(select(table.c.id).where(condition(table, whose)))
            )

        yield finding_in
    engine.dispose()


@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize("table", [ORDER, EVENT], ids=["own", "by the row above"])
@pytest.mark.parametrize(
    ("whose", "rows"),
    [(ACCOUNT, [1, 2]), (GUEST, [2]), (BY_PHONE, [5]), (Whose(), [])],
    ids=["account", "guest", "phone", "nobody"],
)
def test_a_row_is_found_by_number_address_and_phone(
    found: Any, table: Table, whose: Whose, rows: list[int]
) -> None:
    """Also one that names a member of staff who acted in it."""
    assert found(table, finding.own, whose) == rows


def test_who_acted_is_found_and_a_mailbox_has_not_acted(found: Any) -> None:
    assert found(EVENT, finding.acted, Whose(person=STAFF)) == [1, 2, 3, 4, 5]
    assert found(EVENT, finding.acted, GUEST) == []


def test_anothers_row_with_the_address_only_mentions(found: Any) -> None:
    assert found(ORDER, finding.mentioned, ACCOUNT) == [2, 3]
    assert found(ORDER, finding.mentioned, GUEST) == [2]


@pytest.mark.parametrize(
    ("whose", "rows"),
    [(ACCOUNT, [3, 4, 5]), (GUEST, [1, 3, 4, 5])],
    ids=["account", "guest"],
)
@pytest.mark.parametrize("table", [ORDER, EVENT], ids=["own", "by the row above"])
def test_a_row_of_another_is_told_from_one_that_was_missed(
    found: Any, table: Table, whose: Whose, rows: list[int]
) -> None:
    assert found(table, finding.of_another, whose) == rows


def test_an_address_is_looked_up_by_its_key(found: Any) -> None:
    assert [c.name for c in finding.contacts(KEYED, finding.EMAIL_CLAUSE)] == ["email_key"]
    assert [c.name for c in finding.contacts(ORDER, finding.EMAIL_CLAUSE)] == ["email"]

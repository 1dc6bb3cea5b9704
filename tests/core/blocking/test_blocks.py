from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.core.blocking import blocks
from neupusti.core.blocking.blocks import OneField
from neupusti.core.blocking.conditions import covered
from neupusti.core.blocking.errors import BlockedError
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.rights.models import DataRequest
from tests.people import AIGERIM, BOLAT

ACCOUNT = Whose(person=7, email_key=AIGERIM.email)
GUEST = Whose(email_key=BOLAT.email)
REQUESTS: Any = DataRequest.__table__
WEDNESDAY = datetime(2026, 11, 25, 10, tzinfo=UTC)


def opened(whose: Whose, **values: Any) -> DataBlock:
    with writing() as session:
        return blocks.open_block(session, whose, by=Cause.PERSON, **values)


@pytest.mark.parametrize("whose", [ACCOUNT, GUEST])
def test_one_open_block(app: Flask, whose: Whose) -> None:
    first = opened(whose, reason="it is wrong").id
    assert opened(whose, reason="again").id == first
    assert db.session.scalar(select(func.count()).select_from(DataBlock)) == 1
    assert blocks.is_blocked(db.session(), whose)


def test_due_after_one_working_day(app: Flask, at: Any) -> None:
    at(WEDNESDAY)
    assert opened(GUEST).due == date(2026, 11, 26)


def test_a_lifted_block_is_over_and_another_may_follow(app: Flask) -> None:
    first = opened(ACCOUNT)
    with writing() as session:
        blocks.lift(session, first, outcome=Result.UNFOUNDED, by=9)
    assert not blocks.is_blocked(db.session(), ACCOUNT)
    with writing() as session:
        blocks.lift(session, first, outcome=Result.CORRECTED, by=8)
    assert (first.outcome, first.lifted_by) == ("unfounded", 9)
    assert opened(ACCOUNT).id != first.id


def test_a_block_of_an_account_covers_what_its_address_left_without_a_number(
    app: Flask,
) -> None:
    opened(ACCOUNT)
    session = db.session()
    assert blocks.is_blocked(session, Whose(email_key=AIGERIM.email))
    assert not blocks.is_blocked(session, Whose(person=8, email_key=AIGERIM.email))


def test_nobody_cannot_be_blocked(app: Flask) -> None:
    with pytest.raises(ValueError, match="person or an address"):
        opened(Whose())


def test_blocked_data_are_refused_in_words(app: Flask, at: Any) -> None:
    at(WEDNESDAY)
    opened(ACCOUNT)
    blocks.ensure_usable(db.session(), GUEST)
    with pytest.raises(BlockedError) as refused, app.test_request_context():
        blocks.ensure_usable(db.session(), ACCOUNT)
    with app.test_request_context("/en/"):
        assert "26.11.2026" in str(refused.value.message)


def test_a_contested_field_is_no_block_of_everything(app: Flask) -> None:
    name = OneField("shop_order", 3, "given_name")
    first = opened(ACCOUNT, field=name)
    assert opened(ACCOUNT, field=name).id == first.id
    assert not blocks.is_blocked(db.session(), ACCOUNT)


def test_rows_a_block_covers_and_all_others(app: Flask) -> None:
    """`data_request` is found by a number, or by an address where there is none."""
    theirs, others, nobodys = requests()
    assert found(covered(REQUESTS)) == set()
    opened(ACCOUNT)
    opened(GUEST)
    assert found(covered(REQUESTS)) == theirs
    assert found(~covered(REQUESTS)) == others | nobodys


def test_only_the_transaction_of_ones_own_act_is_let_through(app: Flask) -> None:
    theirs, others, nobodys = requests()
    opened(ACCOUNT)
    opened(GUEST)
    with writing() as session:
        with blocks.passing(session, ACCOUNT), blocks.passing(session, GUEST):
            assert found(covered(REQUESTS)) == set()
        assert found(covered(REQUESTS)) == theirs
        with blocks.passing(session, Whose(person=99)):
            assert found(~covered(REQUESTS)) == others | nobodys


def found(condition: Any) -> set[str]:
    return set(db.session.scalars(select(DataRequest.number).where(condition)))


def requests() -> tuple[set[str], set[str], set[str]]:
    """Store requests of the blocked, of others with the same address, and of nobody."""
    theirs = [(7, None), (None, AIGERIM.email), (None, BOLAT.email)]
    others = [(8, BOLAT.email), (None, "c@example.kz")]
    every = [*theirs, *others, (None, None)]
    with writing() as session:
        for number, (person, email_key) in enumerate(every):
            session.add(
                DataRequest(
                    number=f"NZ-{number}",
                    code_digest="",
                    kind="block",
                    channel="site",
                    person=person,
                    email_key=email_key,
                    language="ru",
                    assurance=1,
                    received_at=WEDNESDAY,
                    edition=date(2026, 11, 1),
                )
            )
    names = [f"NZ-{number}" for number in range(len(every))]
    return set(names[:3]), set(names[3:5]), set(names[5:])

"""One's own data say what stands against their destruction, and until when."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.text import emails
from neupusti.core.text.languages import Language, force_language
from neupusti.orders.models.order import ShopOrder
from neupusti.retention.service import placing
from neupusti.retention.service.placing import Wish
from neupusti.rights.service import sections
from neupusti.rights.service.sections import Section
from tests import desk
from tests.conftest import SQLITE
from tests.orders import cast
from tests.people import AIGERIM
from tests.times import NOON, Clock


@pytest.fixture
def person(app: Flask, at: Clock) -> int:
    """Айгерим, with an open order."""
    at(NOON)
    number = desk.person(AIGERIM)
    cast.placed((cast.product("T-1"), 1))
    with writing() as session:
        session.execute(update(ShopOrder).values(person=number))
    return number


def section(person: int, table: str) -> Section | None:
    db.session.rollback()
    whose = Whose(person=person, email_key=emails.key(AIGERIM.email))
    with force_language(Language.EN):
        found = [one for one in sections.sections(whose) if one.table == table]
    return found[0] if found else None


def holds(person: int, table: str) -> tuple[str, ...]:
    found = section(person, table)
    assert found
    return found.holds


@pytest.mark.clause("5.1")
def test_a_section_says_what_holds_its_rows_and_until_when(person: int) -> None:
    [told] = holds(person, "shop_order")
    assert holds(person, "order_address") == (told,)
    assert told.startswith("An order until 14 days after its end")
    assert "2026" not in told
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON, state="confirmed"))
    ends = [told.rpartition(": until ")[2] for told in holds(person, "shop_order")]
    assert ends == ["6 December 2026", "1 January 2032"]
    assert [len(holds(person, name)) for name in ("order_line", "order_address")] == [2, 1]
    assert holds(person, "person") == ()


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="holdings")
@pytest.mark.parametrize("silent", [False, True])
def test_a_placed_hold_is_told_unless_its_document_forbids_it(
    app: Flask, person: int, *, silent: bool
) -> None:
    wish = Wish(
        person=person,
        law="УПК, статья 220",
        document="№ 12",
        reason="Следствие",
        review=(NOON + timedelta(days=30)).date(),
        silent=silent,
    )
    hold = placing.place(wish, None)
    placing.review(hold.code, 4, wish.review, "Следствие идёт")
    page = desk.signed_in(app, person).get("/en/account/data/").text
    for told in ("УПК, статья 220", "placed_hold", *ACTS):
        assert (told in page) is not silent, told
        assert (told in exported(person)) is not silent, told
    assert "An order until 14 days after its end" in page


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.parametrize("silent", [False, True])
def test_a_hold_on_an_order_is_told_unless_its_document_forbids_it(
    app: Flask, person: int, *, silent: bool
) -> None:
    number = db.session.scalars(select(ShopOrder.number)).one()
    placing.place(wish_of(order=number, silent=silent), None)
    page = desk.signed_in(app, person).get("/en/account/data/").text
    assert ("Placed a hold" in page) is not silent
    assert ("Следствие" in page) is not silent

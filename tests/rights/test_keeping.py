"""One's own data say what stands against their destruction, and until when."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from neupusti.core.data import disk
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.holding import SAYS
from neupusti.core.text import emails
from neupusti.core.text.languages import Language, force_language
from neupusti.erasure.service import plan
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.queries import holds as holds_of_orders
from neupusti.retention.service import placing
from neupusti.retention.service.placing import Wish
from neupusti.rights.service import archive, sections
from neupusti.rights.service.archive import ExportRequest
from neupusti.rights.service.sections import Section
from tests import desk
from tests.conftest import SQLITE
from tests.orders import cast
from tests.people import AIGERIM
from tests.rights.conftest import OPERATOR, Export
from tests.times import NOON, Clock

[ON_ORDER] = [hold for hold in holds_of_orders.ALL if hold.placed]
STAFF = 9000
LAW = "УПК, статья 220"
ACTS = ("Следствие", "Placed a hold", "Looked at a hold again", "Released a hold")


@pytest.fixture
def person(app: Flask, at: Clock) -> int:
    """Айгерим, with an open order."""
    at(NOON)
    number = desk.person(AIGERIM)
    cast.placed((cast.product("T-1"), 1))
    with writing() as session:
        session.execute(update(ShopOrder).values(person=number))
    return number


def whose(person: int) -> Whose:
    return Whose(person=person, email_key=emails.key(AIGERIM.email))


def section(person: int, table: str) -> Section | None:
    db.session.rollback()
    with force_language(Language.EN):
        found = [one for one in sections.sections(whose(person)) if one.table == table]
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
    app: Flask, person: int, tmp_path: Path, *, silent: bool
) -> None:
    hold = placing.place(wish(person=person, silent=silent), None)
    placing.review(hold.code, STAFF, hold.review, "Дело не закрыто")
    placing.release(hold.code, STAFF, "Дело закрыто")
    page = desk.signed_in(app, person).get("/en/account/data/").text
    for told in (LAW, "placed_hold", *ACTS, "Дело закрыто"):
        assert (told in page) is not silent, told
    assert "An order until 14 days after its end" in page
    made = exported(person, tmp_path / "data.zip")
    for told in (LAW, "retention.placed", *ACTS, "Дело закрыто"):
        assert made.holds(told) is not silent, told


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.parametrize("silent", [False, True])
def test_a_hold_on_an_order_is_told_unless_its_document_forbids_it(
    app: Flask, person: int, tmp_path: Path, *, silent: bool
) -> None:
    number = db.session.scalars(select(ShopOrder.number)).one()
    placing.place(wish(order=number, silent=silent), None)
    page = desk.signed_in(app, person).get("/en/account/data/").text
    made = exported(person, tmp_path / "data.zip")
    for told in ACTS[:2]:
        assert (told in page) is not silent, told
        assert made.holds(told) is not silent, told


def test_a_destruction_tells_of_no_placed_hold(person: int) -> None:
    number = db.session.scalars(select(ShopOrder.number)).one()
    placing.place(wish(order=number, silent=True), None)
    planned = plan.plan(db.session(), whose(person))
    told = [kept.what for one in planned.sections for kept in one.kept if kept.what]
    assert told
    assert not [what for what in told if what in {SAYS, ON_ORDER.says}]


def wish(**given: Any) -> Wish:
    return Wish(
        law=LAW,
        document="№ 12",
        reason="Следствие",
        review=(NOON + timedelta(days=30)).date(),
        **given,
    )


def exported(person: int, path: Path) -> Export:
    db.session.rollback()
    request = ExportRequest(number="NZ-1", language=Language.EN, operator=OPERATOR)
    return Export(path, archive.write(whose(person), disk.replacing(path), request))

from collections.abc import Callable

import pytest
from flask import Flask
from flask_babel import force_locale

from neupusti.core.data.classification import personal_columns
from neupusti.core.data.finding import Whose
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.core.text.languages import Language, force_language
from neupusti.rights.service import labels, sections, terms
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT
from tests.rights.asking import bought, opened
from tests.rights.canaries import STAFF, Planted, is_about

pytestmark = pytest.mark.slow
Plant = Callable[..., Planted]


def whose(person: int | None) -> Whose:
    return Whose(person=person, email_key=emails.key(AIGERIM.email))


@pytest.mark.clause("6.1.3")
def test_a_person_sees_section_by_section_what_is_kept(app: Flask, plant: Plant) -> None:
    planted, twin = plant(AIGERIM, 1), plant(BOLAT, 2)
    found = {one.table: one for one in sections.sections(whose(1))}
    seen = {one.model.__table__ for one in registry().holdings if not one.unseen}
    assert found.keys() == {table.name for table in seen if is_about(table)}
    order = found["shop_order"]
    assert (order.found, len(order.rows)) == (1, 1)
    comment = planted.canaries["shop_order.comment"]
    assert any(cell.startswith(comment) for cell in order.rows[0])
    assert order.clauses == ("3.2.1", "3.2.2", "3.2.3", "3.2.5")
    assert order.recipients == (planted.rows["recipient_version"]["name_ru"],)
    assert found["person"].recipients == ()
    assert order.omitted["submission"] == "secret"
    cells = {cell for one in found.values() for row in one.rows for cell in row}
    assert cells.isdisjoint({*planted.secrets.values(), *twin.canaries.values()})


def test_nobody_has_no_sections(app: Flask, plant: Plant) -> None:
    plant(BOLAT, 2)
    assert [*sections.sections(whose(1))] == []
    assert [*sections.sections(Whose())] == []


@SQLITE
def test_a_page_has_the_first_rows_of_a_section(
    app: Flask, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(AIGERIM, 1)
    monkeypatch.setattr(sections, "FIRST", 0)
    assert {(one.found, one.rows) for one in sections.sections(whose(1))} == {(1, ())}


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_every_section_has_a_name_and_a_term_in_every_language(
    app: Flask, language: Language
) -> None:
    with force_language(language), force_locale(language.locale):
        names = [str(terms.name(one)) for one in registry().holdings]
        kept = [[*terms.rules(one.model.__table__)] for one in registry().holdings]
    assert len({*names}) == len(names)
    tables = {one.model.__table__.name for one in registry().holdings}
    assert tables.isdisjoint(names)
    assert all(kept)


@SQLITE
def test_every_personal_column_that_is_shown_has_a_label(app: Flask) -> None:
    missing = [
        str(table.columns[name])
        for table in (one.model.__table__ for one in registry().holdings)
        for name, mark in personal_columns(table).items()
        if not mark.derived and labels.label(table.columns[name]) is None
    ]
    assert missing == []


@SQLITE
def test_members_of_staff_appear_by_their_number(app: Flask, plant: Plant) -> None:
    plant(AIGERIM, 1)
    with force_language(Language.RU), force_locale("ru_KZ"):
        found = {one.table: one for one in sections.sections(whose(1))}
    assert f"сотрудник № {STAFF}" in found["staff_action"].rows[0]


@SQLITE
def test_stored_codes_are_read_as_words(app: Flask) -> None:
    bought(app)
    page = opened(app).get("/rights/data/").text
    assert ("Самовывоз" in page, "<dd>pickup</dd>" in page) == (True, False)
    assert ("<dd>новый</dd>" in page, "<dd>new</dd>" in page) == (True, False)
    columns = {str(c) for one in registry().holdings for c in one.model.__table__.columns}
    assert registry().codes.keys() <= columns


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_no_code_is_left_as_it_is_stored(app: Flask, language: Language) -> None:
    """Of an order, its e-mails and events nothing is read as the site stores it."""
    bought(app)
    page = opened(app).get(f"{language.prefix}/rights/data/").text
    raw = ("orders.placed", "box ticked", "collection", "placed", "kept", "order", "queued")
    english = {"collection", "placed"} if language is Language.EN else set()
    assert [one for one in raw if f"<dd>{one}</dd>" in page and one not in english] == []
    assert "<dd>English</dd>" in page

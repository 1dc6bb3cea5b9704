import shutil
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from neupusti.policy.models import Edition, EditionKind, EditionSource, EditionState, digest
from neupusti.policy.service import edition_store, editions, restated
from neupusti.policy.service.drafts import Draft, EditionError
from neupusti.policy.service.edition_store import NotFoundError, Start
from neupusti.policy.service.parser import UnreadableDocumentError
from tests.policy.documents import SMALL, changed
from tests.times import Clock

DAY, TODAY = date(2023, 6, 5), date(2026, 12, 1)
DRAFT = Draft(text=SMALL, language=Language.RU, kind=EditionKind.EDITORIAL)
WHY = "it was in force on paper"


def rows() -> int:
    return db.session.scalar(select(func.count(Edition.id))) or 0


@pytest.mark.clause("9.1")
def test_a_text_becomes_a_draft_then_public_then_immutable(app: Flask) -> None:
    edition, new = editions.import_draft(DRAFT)
    assert (new, edition.state, edition.date) == (True, EditionState.DRAFT, DAY)
    assert edition.sha256 == digest(SMALL)

    published = editions.publish(DAY, Language.RU, by="operator", backdate=WHY)
    assert (published.state, published.approved_by) == (EditionState.PUBLISHED, "operator")


@pytest.mark.clause("9.1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policy_edition SET text = 'x'",
        "UPDATE policy_edition SET published_at = NULL",
        "DELETE FROM policy_edition",
    ],
)
def test_raw_sql_cannot_change_a_published_edition(app: Flask, statement: str) -> None:
    before = [(e.id, e.sha256, e.text) for e in editions.all_editions()]
    with pytest.raises(DatabaseError, match="a published edition never changes"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert [(e.id, e.sha256, e.text) for e in editions.all_editions()] == before


def test_truncate_is_refused_where_the_database_knows_it(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        with pytest.raises(DatabaseError, match="syntax error"):
            db.session.execute(text("TRUNCATE policy_edition"))
    else:
        with pytest.raises(DatabaseError, match="a published edition never changes"):
            db.session.execute(text("TRUNCATE policy_edition"))
    db.session.rollback()
    assert rows() == 9


def test_a_draft_may_still_be_replaced(app: Flask) -> None:
    editions.import_draft(DRAFT)
    better = changed("бережёт", "хранит")
    edition, new = editions.import_draft(replace(DRAFT, text=better))
    assert (new, edition.text, edition.state) == (True, better, EditionState.DRAFT)
    assert rows() == 10


def test_the_same_text_again_changes_nothing(app: Flask) -> None:
    editions.import_draft(DRAFT)
    editions.publish(DAY, Language.RU, by="operator", backdate=WHY)
    edition, new = editions.import_draft(DRAFT)
    assert (new, edition.state, rows()) == (False, EditionState.PUBLISHED, 10)


def test_a_published_date_takes_no_other_text(app: Flask) -> None:
    editions.import_draft(DRAFT)
    editions.publish(DAY, Language.RU, by="operator", backdate=WHY)
    with pytest.raises(EditionError, match="it never changes"):
        editions.import_draft(replace(DRAFT, text=changed("бережёт", "хранит")))
    assert edition_store.current_store().text(DAY, Language.RU).text == SMALL


@pytest.mark.clause("9.1")
@pytest.mark.parametrize("kind", [EditionKind.MATERIAL, EditionKind.NEW_PURPOSE])
def test_a_change_that_matters_needs_a_note(app: Flask, kind: EditionKind) -> None:
    with pytest.raises(EditionError, match="needs a --note"):
        editions.import_draft(replace(DRAFT, kind=kind, note=" "))
    assert rows() == 9


def test_a_text_without_a_date_asks_for_one(app: Flask) -> None:
    undated = changed("05.06.2023", "летом")
    with pytest.raises(EditionError, match="states no date of its own"):
        editions.import_draft(replace(DRAFT, text=undated))
    edition, _new = editions.import_draft(replace(DRAFT, text=undated, day=DAY))
    assert edition.date == DAY


def test_an_unreadable_text_is_not_imported(app: Flask) -> None:
    with pytest.raises(UnreadableDocumentError):
        editions.import_draft(replace(DRAFT, text=changed("2.2 ", "2.9 ")))
    assert rows() == 9


def test_what_is_not_there_or_already_public_is_not_published(app: Flask) -> None:
    with pytest.raises(EditionError, match="import it first"):
        editions.publish(DAY, Language.RU, by="operator", backdate=WHY)
    with pytest.raises(EditionError, match="published already"):
        editions.publish(date(2022, 8, 4), Language.RU, by="operator")


def test_seeding_twice_adds_nothing(app: Flask) -> None:
    assert editions.seed() == "policy: editions in place"
    assert rows() == 9


@pytest.mark.clause("9.2")
def test_an_edition_that_an_upgrade_brings_is_announced_first(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(editions.SHIPPED, tmp_path, dirs_exist_ok=True)
    described = tmp_path / "editions.toml"
    note = "\n".join(f'note.{language} = "Уточнено"' for language in Language)
    with described.open("a") as file:
        file.write(f'\n[[edition]]\ndate = {TODAY}\nkind = "editorial"\n{note}\n')
    for language in Language:
        (tmp_path / f"{TODAY}.{language}.txt").write_text(SMALL)
    monkeypatch.setattr(editions, "SHIPPED", tmp_path)
    monkeypatch.setattr(restated, "DESCRIBED", described)

    before, now = edition_store.date_in_force(), clock.now()
    assert editions.seed() == "policy: 3 shipped editions added"
    assert edition_store.date_in_force() == before
    at(now + editions.ANNOUNCED)
    assert edition_store.date_in_force() == str(TODAY)
    assert editions.seed() == "policy: editions in place"


def test_a_restatement_gives_way_to_the_operators_document(app: Flask) -> None:
    day = date(2022, 8, 4)
    own = replace(DRAFT, text=changed("05.06.2023", "04.08.2022"))
    editions.import_draft(own)
    assert (
        edition_store.current_store().text(day, Language.RU).source
        is EditionSource.RESTATEMENT
    )

    editions.publish(day, Language.RU, by="operator", backdate=WHY)

    texts = edition_store.current_store()
    assert texts.text(day, Language.RU).source is EditionSource.OPERATOR
    kept = texts.text(day, Language.RU, EditionSource.RESTATEMENT)
    assert texts.replaced(kept)
    assert not texts.replaced(texts.text(day, Language.KK))


@pytest.mark.clause("9.2")
def test_an_edition_takes_effect_at_its_minute(app: Flask, at: Clock) -> None:
    starts = datetime(2027, 1, 1, 4, 0, tzinfo=UTC)
    later = replace(DRAFT, day=date(2027, 1, 1), effective_from=starts)
    editions.import_draft(later)
    editions.publish(date(2027, 1, 1), Language.RU, by="operator")
    texts = edition_store.current_store()

    at(datetime(2027, 1, 1, 3, 59, 59, tzinfo=UTC))
    coming = Start(starts, date(2027, 1, 1), EditionSource.OPERATOR)
    assert (texts.in_force(), texts.coming()) == (date(2026, 11, 26), coming)
    at(starts)
    assert (texts.in_force(), texts.coming()) == (date(2027, 1, 1), None)


def test_an_edition_takes_effect_as_its_day_begins_in_almaty(app: Flask) -> None:
    edition, _new = editions.import_draft(DRAFT)
    # Almaty kept UTC+6 until 1 March 2024.
    assert edition.effective_from == datetime(2023, 6, 4, 18, 0, tzinfo=UTC)


def test_before_the_first_edition_nothing_is_in_force(app: Flask) -> None:
    with pytest.raises(NotFoundError):
        edition_store.current_store().in_force(datetime(2020, 1, 1, tzinfo=UTC))


def test_a_missing_language_is_answered_in_russian(app: Flask) -> None:
    editions.import_draft(DRAFT)
    editions.publish(DAY, Language.RU, by="operator", backdate=WHY)
    assert edition_store.current_store().text(DAY, Language.KK).language is Language.RU


def test_the_shelf_stands_when_the_database_falls(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = edition_store.current_store()

    def fall(*_: object, **__: object) -> None:
        raise DatabaseError("statement", {}, Exception("gone"))

    monkeypatch.setattr(edition_store, "_texts", fall)
    monkeypatch.setattr(edition_store, "select", fall)
    edition_store.invalidate()
    assert edition_store.current_store() is before


def test_another_process_is_noticed_within_a_second(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    edition_store.invalidate()
    known = len(edition_store.current_store().texts)
    editions.import_draft(DRAFT)
    monkeypatch.setattr(edition_store, "invalidate", lambda: None)
    editions.publish(DAY, Language.RU, by="operator", backdate=WHY)

    assert len(edition_store.current_store().texts) == known
    clock[0] += edition_store.RECHECK_SECONDS
    assert len(edition_store.current_store().texts) == known + 1

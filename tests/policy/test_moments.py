"""An edition takes effect at one moment, in every language."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffAction
from neupusti.core.text.languages import Language
from neupusti.policy.models import Edition, EditionKind, EditionSource, EditionState, digest
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import Draft, EditionError
from neupusti.policy.service.edition_store import Start
from tests.policy.documents import SMALL, changed
from tests.times import Clock

CURRENT, DAY = date(2026, 11, 26), date(2027, 2, 1)
DECEMBER, MARCH = datetime(2026, 12, 14, 19, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WHY = "the page was down for a night"
OWN = Draft(text=SMALL, language=Language.RU, day=DAY, kind=EditionKind.EDITORIAL)


def published(draft: Draft, backdate: str = "") -> Edition:
    edition, _new = editions.import_draft(draft)
    return editions.publish(edition.date, draft.language, by="operator", backdate=backdate)


def stored(language: Language) -> Edition:
    """Return the row of the operator's text of the day."""
    key = {"date": DAY, "language": language.value, "source": EditionSource.OPERATOR.value}
    return db.session.scalars(select(Edition).filter_by(**key)).one()


def left(*, public: bool, **moments: datetime) -> None:
    """Store texts that disagree, as was possible in the past."""
    with writing() as session:
        for language, moment in moments.items():
            session.add(
                Edition(
                    date=DAY,
                    language=language,
                    source=EditionSource.OPERATOR.value,
                    text=SMALL,
                    sha256=digest(SMALL),
                    kind=EditionKind.EDITORIAL.value,
                    note="",
                    effective_from=moment,
                    created_at=clock.now(),
                    published_at=clock.now() if public else None,
                )
            )
    edition_store.invalidate()


@pytest.mark.clause("9.2")
def test_a_later_translation_takes_over_the_moment_and_the_kind(
    app: Flask, at: Clock
) -> None:
    published(replace(OWN, kind=EditionKind.MATERIAL, note="Сроки", effective_from=MARCH))
    kazakh = published(Draft(text=SMALL, language=Language.KK, day=DAY))

    assert (kazakh.effective_from, kazakh.kind) == (MARCH, "material")
    at(MARCH - SECOND)
    assert edition_store.current_store().in_force() == CURRENT
    at(MARCH)
    english = published(Draft(text=SMALL, language=Language.EN, day=DAY))
    assert english.effective_from == MARCH
    assert edition_store.current_store().in_force() == DAY


@pytest.mark.parametrize("state", [EditionState.DRAFT, EditionState.PUBLISHED])
@pytest.mark.parametrize(
    "other", [{"effective_from": DECEMBER}, {"kind": EditionKind.MATERIAL, "note": "Сроки"}]
)
def test_a_translation_of_other_terms_is_refused(
    app: Flask, state: EditionState, other: dict[str, object]
) -> None:
    editions.import_draft(replace(OWN, effective_from=MARCH))
    if state is EditionState.PUBLISHED:
        editions.publish(DAY, Language.RU, by="operator")
    translation = replace(OWN, language=Language.KK, **other)  # type: ignore[arg-type]

    with pytest.raises(EditionError, match="is editorial, from 2027-03-01 05:00 Almaty"):
        editions.import_draft(translation)
    assert [edition.date for edition in editions.all_editions()].count(DAY) == 1


@pytest.mark.parametrize(
    "other", [{"effective_from": DECEMBER}, {"kind": EditionKind.MATERIAL, "note": "Сроки"}]
)
def test_a_published_text_is_not_given_other_terms(
    app: Flask, other: dict[str, object]
) -> None:
    published(replace(OWN, effective_from=MARCH))
    with pytest.raises(EditionError, match="give this text a date of its own"):
        editions.import_draft(replace(OWN, **other))  # type: ignore[arg-type]
    assert not editions.import_draft(replace(OWN, effective_from=MARCH))[1]


def test_a_translation_may_come_first(app: Flask) -> None:
    editions.import_draft(replace(OWN, language=Language.KK))
    assert stored(Language.KK).effective_from == clock.midnight(DAY)

    editions.import_draft(replace(OWN, effective_from=MARCH))
    assert stored(Language.KK).effective_from == MARCH
    assert editions.publish(DAY, Language.KK, by="operator").effective_from == MARCH


def test_a_draft_imported_again_moves_the_whole_edition(app: Flask) -> None:
    editions.import_draft(replace(OWN, effective_from=MARCH))
    editions.import_draft(replace(OWN, language=Language.KK))

    again = replace(OWN, kind=EditionKind.MATERIAL, note="Сроки", effective_from=DECEMBER)
    _edition, new = editions.import_draft(again)

    assert new
    for language in (Language.RU, Language.KK):
        row = stored(language)
        assert (row.effective_from, row.kind) == (DECEMBER, "material")


def test_a_draft_imported_again_keeps_what_is_not_given_again(app: Flask) -> None:
    draft = replace(OWN, kind=EditionKind.MATERIAL, note="Сроки", effective_from=MARCH)
    editions.import_draft(draft)
    better = Draft(text=changed("бережёт", "хранит"), language=Language.RU, day=DAY)

    assert editions.import_draft(better)[1]
    assert not editions.import_draft(better)[1]
    row = stored(Language.RU)
    assert (row.text, row.note) == (better.text, "Сроки")
    assert (row.effective_from, row.kind) == (MARCH, "material")


@pytest.mark.clause("9.2")
def test_publishing_into_the_past_needs_a_reason_that_the_journal_keeps(
    app: Flask, today: datetime
) -> None:
    past = replace(OWN, day=date(2026, 11, 30))
    editions.import_draft(past)
    with pytest.raises(EditionError, match="2026-11-30 00:00 Almaty time, before it is"):
        editions.publish(date(2026, 11, 30), Language.RU, by="operator")
    assert edition_store.current_store().in_force() == CURRENT
    assert db.session.scalars(select(StaffAction)).all() == []

    edition = published(past, backdate=WHY)
    assert edition.effective_from == datetime(2026, 11, 29, 19, tzinfo=UTC)
    assert edition_store.current_store().in_force() == edition.date
    action = db.session.scalars(select(StaffAction)).one()
    assert (action.action, action.reason, action.at) == ("policy.published", WHY, today)
    assert action.what == (
        "2026-11-30 «ru» (operator), editorial, from 2026-11-30 00:00 Almaty time"
    )


def test_what_is_not_past_is_not_backdated(app: Flask) -> None:
    with pytest.raises(EditionError, match="2027-02-01 00:00 Almaty time, which is not"):
        published(OWN, backdate=WHY)
    assert published(OWN).effective_from == clock.midnight(DAY)


@pytest.mark.parametrize(
    ("now", "takes_effect"),
    [
        # Midnight in Almaty is 19:00 the day before in UTC.
        (datetime(2027, 1, 31, 18, 59, 59, tzinfo=UTC), clock.midnight(DAY)),
        (datetime(2027, 1, 31, 19, tzinfo=UTC), clock.midnight(DAY)),
        (datetime(2027, 2, 1, 18, 59, 59, tzinfo=UTC), None),
    ],
    ids=["the second before", "as the day begins", "its last second"],
)
def test_an_edition_of_today_takes_effect_as_it_is_published(
    app: Flask,
    at: Clock,
    now: datetime,
    takes_effect: datetime | None,
) -> None:
    editions.import_draft(replace(OWN, language=Language.KK))
    at(now)
    assert published(OWN).effective_from == (takes_effect or now)
    at(now + 90 * SECOND)
    translation = editions.publish(DAY, Language.KK, by="operator")
    assert translation.effective_from == stored(Language.RU).effective_from


@pytest.mark.parametrize(
    ("now", "hour"),
    [
        (datetime(2027, 2, 1, 19, tzinfo=UTC), None),
        (datetime(2027, 2, 1, 6, tzinfo=UTC), datetime(2027, 2, 1, 5, tzinfo=UTC)),
    ],
    ids=["as the next day begins", "an hour said and past"],
)
def test_a_moment_that_is_past_is_never_moved(
    app: Flask, at: Clock, now: datetime, hour: datetime | None
) -> None:
    at(now)
    with pytest.raises(EditionError, match="--backdate"):
        published(replace(OWN, effective_from=hour))


def test_texts_published_before_keep_the_moment_readers_saw(app: Flask, at: Clock) -> None:
    left(public=True, ru=MARCH, kk=DECEMBER)
    texts = edition_store.current_store()
    assert {text.effective_from for text in texts.of_date(DAY)} == {DECEMBER}
    assert texts.coming() == Start(DECEMBER, DAY, EditionSource.OPERATOR)
    at(DECEMBER)
    assert texts.in_force() == DAY
    english = published(Draft(text=SMALL, language=Language.EN, day=DAY))
    assert english.effective_from == DECEMBER


def test_drafts_left_that_disagree_are_not_published(app: Flask) -> None:
    left(public=False, ru=MARCH, kk=DECEMBER)
    for language in (Language.RU, Language.KK):
        with pytest.raises(EditionError, match="do not agree"):
            editions.publish(DAY, language, by="operator")

    editions.import_draft(replace(OWN, effective_from=MARCH))
    assert editions.publish(DAY, Language.KK, by="operator").effective_from == MARCH


def test_of_two_editions_of_one_moment_the_later_date_is_in_force(
    app: Flask, at: Clock
) -> None:
    """The order in which they were published does not matter."""
    at(MARCH - timedelta(days=2))
    days = (DAY + timedelta(days=1), DAY)
    for day in days:
        published(replace(OWN, day=day, effective_from=MARCH))
    texts = edition_store.current_store()
    coming = texts.coming()
    assert coming is not None
    assert coming.day == days[0]
    at(MARCH)
    assert texts.in_force() == days[0]

"""The date of an edition is read only where the text says that it is one."""

from datetime import date

import pytest
from flask import Flask

from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind
from neupusti.policy.service import edition_store, editions
from neupusti.policy.service.drafts import Draft, EditionError
from neupusti.policy.service.parser import parse
from neupusti.policy.service.stated_dates import Reason, own_date, stated_dates
from tests.desk import staff_actions
from tests.policy.documents import SMALL, changed
from tests.policy.test_commands import run

NOVEMBER = date(2025, 11, 25)


def with_clause(text: str) -> str:
    return changed("2.3. Обновлено 05.06.2023 г.", f"2.3. {text}")


@pytest.mark.parametrize(
    "words",
    [
        "Политика обновлена 25.11.2025.",
        "Последнее обновление: 25 ноября 2025 года",
        "Редакция от «25» ноября 2025 г.",
        'Действующая редакция от "25" ноября 2025 г.',
        "Версия от 2025-11-25.",
        "Последние изменения внесены 25/11/2025.",
        "Настоящая Политика вступает в силу с 25 ноября 2025 г.",
        "С 25 ноября 2025 года вступает в силу эта редакция.",
        "Политика действует с 25.11.2025 и до замены новой.",
        "Саясат 2025 жылғы 25 қарашада жаңартылды.",
        "Осы Саясат 2025 жылғы «25» қарашадан бастап күшіне енеді.",
        "Соңғы жаңарту: 2025 ж. 25 қараша.",
        "Соңғы рет 25 қараша 2025 жылы өзгертілді.",
        "Last updated: November 25, 2025.",
        "This policy is effective from 25 November 2025.",
        "По Закону от 21.05.2013 мы обязаны; Политика обновлена 25.11.2025.",
    ],
)
def test_words_of_updating_or_coming_into_force_make_a_date(words: str) -> None:
    stated = own_date(parse(with_clause(words)))
    assert stated is not None
    assert stated.day == NOVEMBER
    assert stated.written in words


@pytest.mark.parametrize(
    "words",
    [
        "Закон «О персональных данных и их защите» от 21 мая 2013 года № 94-V.",
        "Закон от 21.05.2013 с изменениями и дополнениями от 30.12.2021.",
        "Правила утверждены приказом министра от 21.10.2020.",
        "Закон № 94-V вступил в силу 25.11.2013.",
        "Предыдущая редакция от 01.02.2020 утратила силу.",
        "Товарищество создано 25 ноября 2025 года.",
        "Договор с курьером обновлён 25.11.2025.",
        "Обновлено 31.02.2025.",
        "Обновлено летом.",
        "Заңға 2025 жылғы 25 қарашада өзгертулер енгізілді.",
    ],
)
def test_the_date_of_anything_else_is_not_the_editions(app: Flask, words: str) -> None:
    text = with_clause(words)
    assert own_date(parse(text)) is None
    with pytest.raises(EditionError, match="give one with --date"):
        editions.date_of(text)


def test_two_dates_of_one_kind_are_not_chosen_between() -> None:
    text = with_clause("Обновлено 25.11.2025. Обновлено 26.11.2025.")
    assert [one.day.day for one in stated_dates(parse(text))] == [25, 26]
    with pytest.raises(EditionError, match="several dates of its own"):
        editions.date_of(text)


def test_updating_goes_before_coming_into_force_and_approval() -> None:
    stamp = "УТВЕРЖДЕНО\nприказом директора от «04» августа 2022 г. № 5\n\n"
    plain = stamp + with_clause("Слова.")
    stated = own_date(parse(plain))
    assert stated is not None
    assert (stated.day, stated.reason) == (date(2022, 8, 4), Reason.APPROVED)
    both = "Редакция от 25.11.2025 вступает в силу 01.12.2025."
    stated = own_date(parse(stamp + with_clause(both)))
    assert stated is not None
    assert (stated.day, stated.reason) == (NOVEMBER, Reason.UPDATED)


def draft(language: Language) -> Draft:
    return Draft(text=SMALL, language=language, kind=EditionKind.EDITORIAL)


def test_a_draft_is_discarded_and_that_is_journaled(app: Flask) -> None:
    for language in (Language.RU, Language.KK):
        editions.import_draft(draft(language))
    result = run(app, "discard", "2023-06-05", "--lang", "kk")
    assert result.output == "Discarded: draft 2023-06-05 «kk» (operator)\n"
    assert run(app, "discard", "2023-06-05").exit_code == 0
    assert "2023-06-05" not in run(app, "list").output
    (first, second) = staff_actions("policy.discarded")
    assert (first.what, second.what) == (
        "2023-06-05 «kk» (operator)",
        "2023-06-05 «ru» (operator)",
    )


def test_what_is_published_is_not_discarded(app: Flask) -> None:
    before = edition_store.current_store().texts
    result = run(app, "discard", "2022-08-04")
    assert (result.exit_code, "There is no draft of" in result.output) == (1, True)
    assert edition_store.current_store().texts == before
    assert staff_actions("policy.discarded") == []

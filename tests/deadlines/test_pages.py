"""The public page of terms, and the command that counts one."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.catalog.service import return_rules
from neupusti.core.deadlines import terms
from neupusti.core.text.languages import Language
from neupusti.deadlines.service import calendar, labels
from neupusti.newsletter.service import signup
from tests.conftest import SQLITE
from tests.times import Clock

PAGE = "/policy/deadlines/"
ORDER = "Приказ № 109 от 4 сентября 2026 г."


@pytest.fixture(autouse=True)
def november(at: Clock) -> None:
    at(datetime(2026, 11, 27, 7, tzinfo=UTC))


def test_every_part_of_a_term_has_a_label() -> None:
    assert labels.TERMS.keys() == terms.terms().keys()
    assert {*labels.STARTS} == {*terms.Start}
    assert {*labels.CERTAINTIES} == {*terms.Certainty}
    assert {*labels.ACTS} == {*terms.Act} - {terms.Act.POLICY}


def test_the_site_keeps_to_the_terms_that_it_shows() -> None:
    assert signup.LIFE.days == terms.term("OPTIN").amount
    assert terms.term("RETURN").amount == return_rules.DAYS


@SQLITE
@pytest.mark.clause("8.3")
@pytest.mark.manifest(field="pages")
@pytest.mark.parametrize("language", Language)
def test_the_page_names_each_term_its_law_and_how_certain(
    client: FlaskClient, language: Language
) -> None:
    answer = client.get(f"{language.prefix}{PAGE}")
    assert answer.status_code == 200
    assert answer.text.count('scope="row"') >= len(terms.terms())
    assert "94-V" in answer.text
    assert "42-4" in answer.text
    assert client.post(PAGE).status_code == 405
    assert f'href="{language.prefix}{PAGE}"' in client.get(f"{language.prefix}/").text


@SQLITE
def test_the_page_tells_what_is_certain_of_the_calendar(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    rows = [row for row in page.split("<tr>") if "27 мая 2026" in row]
    assert len(rows) == 1
    assert "рабочий, пока дата не объявлена" in rows[0]
    day = date(2026, 5, 27)
    calendar.enter(calendar.Entry(day, working=False, source=ORDER), staff=None)
    (row,) = (row for row in client.get(PAGE).text.split("<tr>") if "27 мая 2026" in row)
    assert "выходной" in row
    assert ORDER in row


@pytest.mark.parametrize(
    ("moment", "last"),
    [
        ("2026-03-20T10:00", "2026-03-26"),
        ("2026-03-20T20:00+0000", "2026-03-26"),
        ("2026-03-26T20:00+0000", "2026-03-30"),
    ],
)
def test_a_command_counts_a_term(app: Flask, moment: str, last: str) -> None:
    runner = app.test_cli_runner()
    result = runner.invoke(args=["deadlines", "count", "RIGHTS_FIX", moment])
    assert result.exit_code == 0
    final = result.output.splitlines()[-1]
    assert final == f"The last day is {last}, until 24:00 in Almaty."


@SQLITE
def test_a_command_tells_what_is_no_term_or_moment(app: Flask) -> None:
    runner = app.test_cli_runner()
    wrong = runner.invoke(args=["deadlines", "count", "NOTHING", "2026-03-20"])
    assert (wrong.exit_code, wrong.output) == (1, "Error: There is no term NOTHING.\n")
    assert runner.invoke(args=["deadlines", "count", "RETURN", "soon"]).exit_code == 2

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.config.values import ProofMode
from neupusti.core.data.database import db
from neupusti.core.proofs import results
from neupusti.core.proofs.proof import AnyProof
from neupusti.core.rules import Permission
from neupusti.policy.service import edition_store
from neupusti.proofs.service import proving
from tests import desk
from tests.conftest import SQLITE
from tests.core.proofs.examples import CHECK
from tests.lending import close
from tests.people import DANA, YERLAN
from tests.proofs.test_job import At, with_proofs

pytestmark = SQLITE
NIGHT = datetime(2026, 11, 24, 22, 10, tzinfo=UTC)
HOLDS = replace(CHECK, clauses=("4.1.7",), items=lambda _: [2] * 48_211)
ATOM = "{http://www.w3.org/2005/Atom}"


def proved(monkeypatch: pytest.MonkeyPatch, *proofs: AnyProof) -> None:
    """Let the site have these proofs only, and run them."""
    with_proofs(monkeypatch, *proofs)
    proving.run_due()
    results.invalidate()


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([2] * 48_211, ("✓</span> <strong>Выполняется.", "48 000", "нарушений: 0")),
        (
            [2] * 9 + [3],
            ("✕</span> <strong>Не исполняется.", "(с 25 ноября", "нарушений: &lt;5"),
        ),
        ([3] * 12, ("нарушений: 12",)),
        ([2, 2, 2], ("записей: &lt;5",)),
        ([], ("–</span> <strong>Пока нечего проверять.",)),
    ],
)
def test_what_was_found_stands_beside_the_clause(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    at: At,
    items: list[int],
    words: tuple[str, ...],
) -> None:
    at(NIGHT)
    proved(monkeypatch, replace(HOLDS, items=lambda _: items))
    for path in ("/policy/2026-11-01/4.1.7", "/policy/ledger/", "/policy/proofs/"):
        page = client.get(path).text.replace("\xa0", " ").replace("\u202f", " ")
        for word in words:
            assert word in page, (path, word)
    assert "Выполняется." not in client.get("/policy/2026-11-01/4.1.8").text
    assert "Это заявление" in client.get("/policy/2026-11-01/7.1").text


def test_the_page_follows_the_newest_run(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    """A page is cached by the run, not by the second."""
    at(NIGHT)
    proved(monkeypatch, HOLDS)
    assert "✓" in client.get("/policy/proofs/").text
    at(NIGHT + timedelta(days=1))
    proved(monkeypatch, replace(HOLDS, items=lambda _: [3]))
    assert "✕" in client.get("/policy/proofs/").text
    assert "✕" in client.get("/policy/2026-11-01/4.1.7").text


def test_the_page_can_be_filtered_by_state(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(CHECK, name="broken", clauses=("5.1",), items=lambda _: [3])
    proved(monkeypatch, HOLDS, broken)
    rows = {
        state: client.get(f"/en/policy/proofs/?state={state}").text.count('<tr id="c')
        for state in ("holds", "broken", "failed", "nothing", "declared", "", "junk")
    }
    assert (rows["holds"], rows["broken"], rows["failed"], rows["nothing"]) == (1, 1, 0, 0)
    assert rows[""] == rows["junk"] == rows["declared"] + 2


def test_the_bar_tells_the_last_days_in_words_too(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    items: list[int] = []
    for day, item in enumerate((2, 2, 3, 2)):
        at(NIGHT + timedelta(days=day))
        items[:] = [item]
        proved(monkeypatch, replace(HOLDS, items=lambda _: items))
    page = client.get("/en/policy/proofs/?state=holds").text
    assert "Not met: 1, Holds: 3" in page
    assert page.count("<rect class=") == 3
    assert '<rect class="broken" x="88" y="0" width="1" height="10"/>' in page


def test_programs_read_the_same(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(CHECK, name="few", clauses=("5.1",), items=lambda _: [2, 3])
    proved(monkeypatch, HOLDS, few)
    answer = client.get("/policy/proofs.json")
    predicate = json.loads(answer.text)["predicate"]
    assert [(one["looked"], one["wrong"]) for one in predicate["results"]] == [
        (48_000, 0),
        ("<5", "<5"),
    ]
    known = {"If-None-Match": answer.headers["ETag"]}
    again = client.get("/policy/proofs.json", headers=known)
    assert again.status_code == 304
    feed = ET.fromstring(client.get("/policy/proofs.atom").text)  # noqa: S314 - our own
    (entry,) = feed.findall(f"{ATOM}entry")
    assert predicate["chain"] in str(entry.findtext(f"{ATOM}content"))


def test_it_is_told_when_each_proof_was_last_seen_red(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, at: At
) -> None:
    at(NIGHT)
    proved(monkeypatch, HOLDS)
    at(NIGHT + timedelta(days=1))
    proved(monkeypatch, replace(HOLDS, forged=lambda: 2))
    (result,) = json.loads(client.get("/policy/proofs.json").text)["predicate"]["results"]
    assert (result["state"], result["control"]["forged"]) == ("blind", "missed")
    assert result["lastSeenRed"] == "2026-11-25T03:10:00+05:00"
    page = client.get("/en/policy/proofs/").text
    day = '<time datetime="2026-11-25">25 November 2026</time>'
    assert f"A forged record was last found wrong on {day}." in page


@pytest.mark.parametrize(
    ("wrong", "passed", "words"),
    [
        (CHECK.wrong, True, "planted records: every one of them can fail."),
        (lambda _number: False, False, "not every one of them can fail."),
    ],
)
def test_it_is_told_whether_the_last_self_test_passed(  # noqa: PLR0913 - a row of a table
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    at: At,
    *,
    wrong: Callable[[int], bool],
    passed: bool,
    words: str,
) -> None:
    at(NIGHT)
    proved(monkeypatch, replace(CHECK, wrong=wrong))
    runner = client.application.test_cli_runner()
    assert (runner.invoke(args=["prove", "--self-test"]).exit_code == 0) is passed
    at(NIGHT + timedelta(days=1))
    # A try of some of them says nothing of all.
    runner.invoke(args=["prove", "--self-test", "--name", "even"])
    results.invalidate()
    told = json.loads(client.get("/policy/proofs.json").text)["predicate"]["selfTest"]
    assert told == {"at": "2026-11-25T03:10:00+05:00", "passed": passed}
    assert words in client.get("/en/policy/proofs/").text


def test_a_page_that_is_asked_for_often_asks_the_database_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (results, edition_store):
        monkeypatch.setattr(module, "RECHECK_SECONDS", float("inf"))
    client.get("/policy/proofs/")
    asked: list[str] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def count(*statement: object) -> None:
        asked.append(str(statement[2]))

    assert client.get("/policy/proofs/").status_code == 200
    event.remove(db.engine, "before_cursor_execute", count)
    assert asked == []


def test_no_clause_is_lost_where_the_record_cannot_be_read(client: FlaskClient) -> None:
    with db.engine.begin() as connection:
        for table in ("proof_result", "proof_run"):
            connection.execute(text(f"DROP TABLE {table}"))
    page = client.get("/en/policy/2026-11-01/4.1.7")
    assert page.status_code == 200
    assert "Not checked yet" in page.text


def test_a_site_that_was_never_proved_says_so(client: FlaskClient) -> None:
    for path in ("/en/policy/proofs/", "/en/policy/2026-11-01/4.1.7"):
        assert "Not checked yet" in client.get(path).text
    assert json.loads(client.get("/policy/proofs.json").text)["predicate"]["at"] is None
    assert client.get("/policy/proofs.atom").status_code == 200


@pytest.fixture
def staff_only(settings: Settings) -> Iterator[Flask]:
    """A site that shows the proofs to staff only."""
    app = create_app(replace(settings, proofs=ProofMode.STAFF))
    with app.app_context():
        proving.run_due()
        yield app
    close(app)


def test_the_operator_may_keep_it_to_the_staff(staff_only: Flask) -> None:
    client = staff_only.test_client()
    page = client.get("/en/policy/proofs/")
    assert page.status_code == 200
    assert "to its staff only" in page.text
    assert client.get("/policy/proofs.json").status_code == 404
    assert client.get("/policy/proofs.atom").status_code == 404
    clause = client.get("/en/policy/2026-11-01/4.1.7").text
    assert "Each e-mail is of a type" not in clause
    dana = desk.signed_in(staff_only, desk.member(DANA, Permission.PRIVACY))
    assert "Each e-mail is of a type" in dana.get("/en/admin/proofs/").text


def test_staff_see_exact_counts_and_ask_for_a_run(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved(monkeypatch, replace(HOLDS, items=lambda _: [2] * 9 + [3]))
    dana = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    page = dana.get("/en/admin/proofs/").text
    assert '<td class="number">10</td>' in page
    assert '<td class="number">1</td>' in page
    asked = dana.post("/en/admin/proofs/runs", data=desk.form(app))
    assert asked.status_code == 303
    assert "Asked for" in dana.get(asked.location).text
    assert dana.post("/en/admin/proofs/runs", data=desk.form(app)).status_code == 429


def test_only_keepers_of_personal_data_ask(app: Flask) -> None:
    yerlan = desk.signed_in(app, desk.member(YERLAN, Permission.ORDERS))
    assert yerlan.get("/admin/proofs/").status_code == 403
    assert yerlan.post("/admin/proofs/runs", data=desk.form(app)).status_code == 403
    assert app.test_client().get("/admin/proofs/runs").status_code == 405

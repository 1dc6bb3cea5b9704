"""While the database is older than the file, nobody is served and no job runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.background import Background, Job
from neupusti.core.data import machine
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents, decision_file, decisions
from neupusti.core.records.decisions import Decision, DecisionHead, decide
from neupusti.core.registry import registry
from neupusti.core.rules import Who
from neupusti.core.web import gate as gate_module
from neupusti.core.web.gate import Gate, gate
from tests.accounts.cast import account, hidden, signed_in
from tests.accounts.test_consents import given_consent
from tests.conftest import SQLITE
from tests.people import AIGERIM
from tests.times import NOON, Clock


@pytest.fixture
def behind(app: Flask) -> None:
    """A site whose database lacks a decision."""
    with writing() as session:
        decide(session, Decision.WITHDRAWN, person=1, ref="1")
    with writing() as session:
        session.delete(session.get_one(DecisionHead, (machine.name(), 1)))
    gate().begin()


@pytest.fixture
def whole(behind: None) -> Callable[[], None]:
    """Let the database have it again."""

    def mend() -> None:
        read = next(decision_file.read())
        with writing() as session:
            session.add(DecisionHead(machine=machine.name(), n=1, chain=read.chain))

    return mend


@SQLITE
@pytest.mark.situation(14, of="rights")
@pytest.mark.usefixtures("behind")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("", "Сайт закрыт, пока"),
        ("/kk", "сайт жабық"),
        ("/en", "The site is closed until"),
    ],
)
def test_every_page_is_shut_in_words(
    client: FlaskClient, language: str, words: str
) -> None:
    for path in ("/", "/account/login", "/basket", "/no-such-page", "/admin/"):
        shown = client.get(language + path)
        assert shown.status_code == 503, path
        assert words in shown.text
        assert shown.headers["Retry-After"] == "60"
        assert "Set-Cookie" not in shown.headers


@SQLITE
@pytest.mark.usefixtures("behind")
@pytest.mark.manifest(field="essential")
def test_health_and_policy_can_be_read(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["decisions"]) == (503, "behind by 1")
    assert client.get("/policy/").status_code == 200
    assert client.get("/policy/history/").status_code == 200
    assert client.post("/policy/").status_code == 503


@SQLITE
def test_what_can_be_read_while_shut_is_public(app: Flask) -> None:
    public = {name for name, rule in registry().access.items() if rule.who is Who.PUBLIC}
    assert registry().essential <= public


def test_it_opens_once_nothing_is_missing(
    client: FlaskClient, whole: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/").status_code == 503
    whole()
    assert client.get("/").status_code == 503
    monkeypatch.setattr(gate_module, "LOOK_SECONDS", 0)
    assert client.get("/").status_code == 200


@SQLITE
@pytest.mark.usefixtures("behind")
def test_no_job_runs_while_it_is_shut(app: Flask) -> None:
    asked, ran = Event(), Event()

    def rests() -> bool:
        asked.set()
        return gate().is_shut()

    job = Job(name="try", every=timedelta(days=1), run=ran.set)
    work = Background(app, [job], rests=rests)
    work.start()
    assert asked.wait(10)
    work.stop()
    assert not ran.is_set()


@pytest.fixture
def killed(app: Flask, at: Clock) -> Job:
    """A decision whose process was killed, a while ago; the job that finishes it."""
    at(NOON)
    who = account(AIGERIM)
    values = {"method": "button pressed"}
    consent = str(given_consent(who))
    assert gate().look() == ""
    decision_file.append("withdrawn", person=who.number, ref=consent, values=values)
    at(NOON + decisions.INTERRUPTED + timedelta(minutes=1))
    [job] = [one for one in registry().jobs if one.name == "decisions"]
    return job


def test_a_site_starts_shut_until_a_killed_decision_is_finished(
    app: Flask, client: FlaskClient, killed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "LOOK_SECONDS", 0)
    app.extensions[gate_module.EXTENSION] = Gate(frozenset())
    gate().begin()
    assert gate().problem == "behind by 1"
    assert client.get("/").status_code == 503
    ran = Event()

    def run() -> None:
        killed.run()
        ran.set()

    work = Background(app, [replace(killed, run=run)], rests=lambda: gate().is_shut())
    work.start()
    assert ran.wait(10)
    work.stop()
    assert client.get("/").status_code == 200
    assert decisions.standing(db.session()).interrupted == []


@SQLITE
def test_a_site_that_serves_is_not_shut_by_a_killed_decision(killed: Job) -> None:
    with writing() as session:
        decide(session, Decision.WITHDRAWN, person=9, ref="9")
    assert gate().look() == ""


@SQLITE
def test_a_database_that_cannot_be_looked_at_is_shut(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(decision_file, "path", lambda: 1 / 0)
        broken.setattr(gate_module, "SQLAlchemyError", ZeroDivisionError)
        gate().begin()
    assert gate().problem == "unknown"
    assert client.get("/").status_code == 200


def test_a_file_that_grew_by_decisions_alone_is_current(app: Flask) -> None:
    with writing() as session:
        decide(session, Decision.WITHDRAWN, person=1, ref="1")
    assert gate().look() == ""
    db.session.rollback()


@SQLITE
def test_what_cannot_be_recorded_is_refused_in_words(
    app: Flask,
) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    browser = signed_in(app, who)
    Path(app.instance_path, decision_file.NAME).mkdir()
    page = browser.get("/en/account/consents")
    form = {**hidden(page.text), "consent": str(number)}
    answer = browser.post("/en/account/consents", data=form)
    assert answer.status_code == 503, answer.text
    assert "We cannot record this safely right now." in answer.text
    assert consents.in_force(who.number, Purpose.NEWS) is not None
    Path(app.instance_path, decision_file.NAME).rmdir()
    assert browser.post("/en/account/consents", data=form).status_code == 303
    db.session.rollback()
    assert consents.in_force(who.number, Purpose.NEWS) is None

"""Only expired rows are destroyed, and no copy remains in the file."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.accounts.models import Person, SignIn
from neupusti.accounts.service import registration, sessions
from neupusti.config.settings import Settings
from neupusti.core.data import database
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import ProcessingEvent, SecurityEvent
from neupusti.core.registry import registry
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateLimit, ThrottleCount
from neupusti.core.security.tokens import Token
from neupusti.retention.models import RetentionRun
from neupusti.retention.service import sweeps
from neupusti.retention.service.errors import IncompleteSweepError
from tests.accounts.cast import PASSWORD, account, signed_in, submit
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

SECOND = timedelta(seconds=1)
FORM = {
    "family_name": "Пример",
    "given_name": "Болат",
    "email": BOLAT.email,
    "password": "тихий чай у окна",
    "consent": "y",
}


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def sweep() -> dict[str, int]:
    return {
        table: n for table, n in sweeps.sweep(registry().retention).destroyed.items() if n
    }


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_an_unconfirmed_account_is_destroyed_after_its_term(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    submit(client, "/account/register", FORM)
    assert count(Person) == 2
    at(NOON + registration.LIFE - SECOND)
    assert "person" not in sweep()
    at(NOON + registration.LIFE)
    assert sweep()["person"] == 1
    assert db.session.scalars(select(Person.id)).all() == [who.number]
    record = db.session.scalars(select(ProcessingEvent).order_by(ProcessingEvent.id)).all()[
        -1
    ]
    assert (record.operation, record.actor_kind) == ("destruction", "system")


GONE_ALONG = (OutboxEmail, Token, SecurityEvent)


@pytest.mark.clause("5.1")
def test_an_unconfirmed_account_takes_what_is_about_it_along(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    """Else the address of a stranger stays for as long as letters and events do."""
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    submit(browser, "/account/password", {"current": PASSWORD, "password": "ветер и река"})
    mine = [count(model) for model in GONE_ALONG]
    submit(client, "/account/register", FORM)
    assert [count(m) for m in GONE_ALONG] == [n + 1 for n in mine]
    at(NOON + registration.LIFE)
    gone = sweep()
    assert (gone["letter"], gone["token"], gone["security_event"]) == (1, 1, 1)
    assert [count(model) for model in GONE_ALONG] == mine


def test_emails_sessions_tokens_and_counts_are_destroyed_after_their_terms(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    signed_in(app, who)
    submit(app.test_client(), "/account/password/reset", {"email": who.email})
    with writing() as session:
        tokens.issue(session, "try", timedelta(hours=1), person=who.number)
    throttle.take((RateLimit("try", 1, timedelta(hours=1)), "a"))
    assert [count(m) for m in (OutboxEmail, SignIn, Token)] == [1, 1, 2]
    at(NOON + timedelta(hours=1))
    assert sweep() == {}
    at(NOON + timedelta(days=1, hours=1))
    assert sweep() == {"token": 2}
    at(NOON + sessions.LIFE)
    gone = sweep()
    assert gone.pop("throttle_count") >= 2
    assert gone == {"letter": 1, "sign_in": 1}
    assert count(ThrottleCount) == 0
    assert count(Person) == 1
    at(NOON + timedelta(days=365))
    year = {"security_event": 2, "known_device": 1, "device_cookie": 1}
    assert sweep() == year


@pytest.mark.manifest(field="jobs")
def test_the_site_sweeps_automatically(app: Flask, client: FlaskClient, at: Clock) -> None:
    at(NOON)
    submit(client, "/account/register", FORM)
    at(NOON + registration.LIFE)
    (job,) = [job for job in registry().jobs if job.name == "retention"]
    job.run()
    assert count(Person) == 0


def test_a_sweep_that_destroys_nothing_leaves_no_row(app: Flask, at: Clock) -> None:
    at(NOON)
    assert sweep() == {}
    assert [count(model) for model in (RetentionRun, ProcessingEvent)] == [0, 0]


def test_a_sweep_is_recorded_in_a_row(app: Flask, client: FlaskClient, at: Clock) -> None:
    at(NOON)
    submit(client, "/account/register", FORM)
    at(NOON + registration.LIFE)
    gone = sweep()
    [run] = db.session.scalars(select(RetentionRun)).all()
    assert (run.at, run.destroyed) == (NOON + registration.LIFE, gone)


@SQLITE
def test_destroyed_data_are_in_no_byte_of_the_files(
    app: Flask, settings: Settings, client: FlaskClient, at: Clock
) -> None:
    canary = "kanareika-7f3a@example.kz"
    at(NOON)
    submit(client, "/account/register", {**FORM, "email": canary})
    assert found(settings.instance, canary)
    at(NOON + timedelta(days=400))
    sweep()
    assert not found(settings.instance, canary)


@SQLITE
@pytest.mark.clause("5.6")
@pytest.mark.situation(5, of="rights")
def test_a_sweep_beside_a_reader_is_incomplete_and_repeated(
    app: Flask,
    settings: Settings,
    client: FlaskClient,
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While somebody reads, the write-ahead log keeps the rows that were destroyed."""
    monkeypatch.setattr(database, "MAX_CHECKPOINTS", 2)
    canary = "kanareika-7f3a@example.kz"
    (job,) = [job for job in registry().jobs if job.name == "retention"]
    at(NOON)
    submit(client, "/account/register", {**FORM, "email": canary})
    at(NOON + timedelta(days=400))
    with closing(sqlite3.connect(settings.instance / "main.sqlite")) as reader:
        reader.execute("BEGIN").close()
        reader.execute("SELECT count(*) FROM person").fetchone()
        with pytest.raises(IncompleteSweepError):
            job.run()
        assert found(settings.instance, canary)
        assert not runs_are_complete()
        again = app.test_cli_runner().invoke(args=["retention", "run"])
        assert (again.exit_code, again.output.count("log still holds copies")) == (1, 1)
    job.run()
    assert runs_are_complete()
    assert not found(settings.instance, canary)


def runs_are_complete() -> bool:
    db.session.rollback()
    return all(db.session.scalars(select(RetentionRun.complete)).all())


def found(folder: Path, canary: str) -> bool:
    return any(canary.encode() in path.read_bytes() for path in folder.glob("main.sqlite*"))


def test_the_dry_run_prints_what_would_go_and_destroys_nothing(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    submit(client, "/account/register", FORM)
    at(NOON + registration.LIFE)
    run = app.test_cli_runner().invoke
    dry = run(args=["retention", "run", "--dry-run"])
    assert dry.exit_code == 0
    assert "that would be destroyed: " in dry.output
    assert count(Person) == 1
    at(NOON + timedelta(days=500))  # its e-mail, link and event are past terms of their own
    assert run(args=["retention", "run", "--dry-run"]).output == dry.output
    at(NOON + registration.LIFE)
    real = run(args=["retention", "run"])
    assert real.output.replace("destroyed", "that would be destroyed") == dry.output
    assert count(Person) == 0
    assert "rows destroyed: 0" in run(args=["retention", "run"]).output


@SQLITE
def test_a_run_by_one_rule_leaves_the_others_alone(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    submit(client, "/account/register", FORM)
    at(NOON + registration.LIFE)
    run = app.test_cli_runner().invoke
    other = run(args=["retention", "run", "--rule", "act_words.at"])
    assert other.output == "rows destroyed: 0\n"
    assert count(Person) == 1
    run(args=["retention", "run", "--rule", "person.created_at"])
    assert count(Person) == 0
    unknown = run(args=["retention", "run", "--rule", "person"])
    assert (unknown.exit_code, "person.created_at" in unknown.output) == (1, True)

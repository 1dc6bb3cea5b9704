"""Limits bound rows, not rights: what takes away consent always takes effect."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from neupusti.consent.service import pending, store
from neupusti.consent.views.extension import ConsentExtension
from neupusti.core import clock
from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor, records
from tests.consent.test_faults import database_gone
from tests.times import Clock

pytestmark = SQLITE
BANNER = 'value="reject"'


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recheck the database at every request instead of once a second."""
    monkeypatch.setattr(store, "RECHECK_SECONDS", -1.0)


def more_room(consent: ConsentExtension) -> None:
    """Begin a new period of the limit."""
    consent.limit.counts.clear()


@pytest.fixture
def full(app: Flask, consent: ConsentExtension) -> Visitor:
    """A visitor who agreed, behind an address that has no room for a row any more."""
    agreed = Visitor(app.test_client())
    agreed.choose("accept")
    agreed.press("/theme/", theme="dark")
    consent.limit.times = 0
    return agreed


@pytest.fixture
def cli(app: Flask) -> FlaskCliRunner:
    """A runner of the commands."""
    return app.test_cli_runner()


@pytest.mark.slow
def test_more_than_300_people_behind_one_address_can_refuse_and_withdraw(
    app: Flask, consent: ConsentExtension
) -> None:
    agreed = [Visitor(app.test_client()) for _ in range(2)]
    for visitor in agreed:
        visitor.choose("accept")
        visitor.press("/theme/", theme="dark")
    for _ in range(310):
        refused = Visitor(app.test_client())
        assert refused.choose("reject").status_code == 303
        assert refused.cookie()
    assert BANNER not in refused.client.get("/").text
    late = Visitor(app.test_client()).choose("accept")
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    for visitor, action in zip(agreed, ("withdraw", "erase"), strict=True):
        answer = visitor.choose(action)
        assert answer.status_code == 303
        if action == "erase":
            assert visitor.client.get(answer.location, headers=OWN).status_code == 303
        assert visitor.cookie("theme") is None
        page = visitor.client.get("/").text
        assert 'value="withdraw"' not in page
        assert BANNER not in page
    assert len(records()) == 300
    assert len(consent.pending) == 14


def test_the_record_follows_when_there_is_room(
    app: Flask, full: Visitor, consent: ConsentExtension, at: Clock, cli: FlaskCliRunner
) -> None:
    pressed = clock.now().replace(microsecond=0)
    at(pressed)
    full.choose("withdraw")
    assert len(records()) == 1
    page = full.client.get("/en/cookies/receipt/").text
    assert "its record waits" in page
    assert full.client.get("/cookies/receipt.json").status_code == 404
    at(pressed + timedelta(minutes=10))
    consent.limit.times = 300
    more_room(consent)
    Visitor(app.test_client()).choose("reject")
    accepted, _other, withdrawn = records()
    assert (withdrawn.granted, withdrawn.source) == ("", "withdrawal")
    assert withdrawn.replaces == accepted.public_id
    assert withdrawn.at == pressed
    assert withdrawn.public_id in full.client.get("/en/cookies/receipt/").text
    assert len(consent.pending) == 0
    assert cli.invoke(args=["consent", "verify"]).exit_code == 0


def test_a_yes_that_was_taken_back_is_not_honoured_when_played_back(
    app: Flask, full: Visitor
) -> None:
    copied = full.cookie()
    full.choose("withdraw")
    thief = app.test_client()
    thief.set_cookie("consent", copied or "")
    assert BANNER in thief.get("/").text


def test_what_waits_is_bounded_and_waits_in_turn(
    app: Flask, full: Visitor, consent: ConsentExtension, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "MAX_WAITING", 3)
    monkeypatch.setattr(pending, "BATCH", 2)
    for _ in range(5):
        refused = Visitor(app.test_client())
        assert refused.choose("reject").status_code == 303
        assert BANNER not in refused.client.get("/").text
    assert len(consent.pending) == 3
    consent.limit.times = 300
    for expected in (1 + 1 + 2, 4 + 1 + 1, 6 + 1):
        Visitor(app.test_client()).choose("reject")
        assert len(records()) == expected


@pytest.mark.parametrize("broken", ["limit", "wording", "database"])
def test_a_press_that_gives_and_takes_takes_in_any_case(
    attempts_app: Flask, broken: str
) -> None:
    consent = attempts_app.extensions["neupusti.consent"]
    visitor = Visitor(attempts_app.test_client())
    visitor.choose("save", "preferences", "statistics")
    seen = "0" * 12 if broken == "wording" else ""
    if broken == "limit":
        consent.limit.times = 0
    chosen = ("preferences", "marketing")
    attempts_app.testing = False
    if broken == "database":
        with attempts_app.app_context(), database_gone(attempts_app):
            answer = visitor.choose("save", *chosen, seen=seen)
    else:
        answer = visitor.choose("save", *chosen, seen=seen)
    assert answer.status_code == {"limit": 429, "wording": 303, "database": 503}[broken]
    page = visitor.client.get("/en/cookies/").text
    boxes = {
        name: f'value="{name}" checked' in page
        for name in ("preferences", "statistics", "marketing")
    }
    # Without the database nobody knows what was allowed before, so nothing is kept.
    kept = broken != "database"
    assert boxes == {"preferences": kept, "statistics": False, "marketing": False}


def test_a_refusal_is_kept_while_the_database_is_down(
    app: Flask, visitor: Visitor, consent: ConsentExtension
) -> None:
    app.testing = False
    visitor.choose("accept")
    visitor.press("/theme/", theme="dark")
    with database_gone(app):
        assert visitor.choose("withdraw").status_code == 303
        assert visitor.cookie("theme") is None
    assert BANNER not in visitor.client.get("/").text
    Visitor(app.test_client()).choose("reject")
    accepted, _other, withdrawn = records()
    assert withdrawn.replaces == accepted.public_id
    assert len(consent.pending) == 0

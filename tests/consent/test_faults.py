"""With the database down only necessary cookies are set, and the page shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from neupusti.consent.service import records as recording
from neupusti.consent.service import store
from neupusti.core.data.database import db
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, records
from tests.orders.cast import counted

pytestmark = SQLITE


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recheck the database at every request instead of once a second."""
    monkeypatch.setattr(store, "RECHECK_SECONDS", -1.0)


@contextmanager
def database_gone(app: Flask) -> Iterator[None]:
    """Make the main database unreachable."""
    file = Path(db.engine.url.database or "")
    gone = file.with_suffix(".gone")
    db.session.remove()
    db.engine.dispose()
    file.rename(gone)
    file.mkdir()
    try:
        yield
    finally:
        db.session.remove()
        db.engine.dispose()
        file.rmdir()
        gone.rename(file)


def test_what_was_granted_is_off_while_the_database_is_down(
    app: Flask, visitor: Visitor
) -> None:
    app.testing = False
    visitor.choose("accept")
    visitor.press("/theme/", theme="dark")
    assert 'content="dark"' in visitor.client.get("/").text
    kept = visitor.cookie("theme")
    with database_gone(app):
        page = visitor.client.get("/en/policy/")
        assert page.status_code == 200
        assert 'content="light dark"' in page.text
        assert 'value="withdraw"' not in page.text
        assert 'value="reject"' not in page.text
        output = visitor.client.get("/en/cookies/").text
        assert "cannot be read just now" in output
    visitor.client.set_cookie("theme", kept or "")
    assert 'content="dark"' in visitor.client.get("/").text


def test_a_choice_that_cannot_be_recorded_is_not_stored(
    app: Flask, visitor: Visitor
) -> None:
    app.testing = False
    with database_gone(app):
        answer = Visitor(visitor.client).client.post(
            "/en/cookies/",
            data={"choice": "accept"},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code == 503
        assert "could not be kept" in answer.text
        assert visitor.cookie() is None
    assert records() == []


def test_a_withdrawal_holds_even_if_it_cannot_be_recorded(
    app: Flask, visitor: Visitor
) -> None:
    app.testing = False
    visitor.choose("accept")
    visitor.press("/theme/", theme="dark")
    with database_gone(app):
        # Which older wording it answers cannot be looked up, so no record can wait.
        assert visitor.choose("withdraw", seen="0" * 12).status_code == 503
        assert visitor.cookie() is None
        assert visitor.cookie("theme") is None
    assert 'value="reject"' in visitor.client.get("/").text


def test_counts_that_cannot_be_written_wait(app: Flask, visitor: Visitor) -> None:
    app.testing = False
    app.test_client().get("/")
    tally = app.extensions["neupusti.consent"].tally
    with database_gone(app):
        visitor.choose("reject")
        assert sum(tally.shown.values()) == 1


def test_counts_survive_a_choice_that_fails_half_way(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    for _ in range(3):
        app.test_client().get("/")
    tally = app.extensions["neupusti.consent"].tally
    before = sum(tally.shown.values())

    def full(*_words: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(recording, "append", full)
        assert visitor.choose("accept").status_code == 503
    assert sum(tally.shown.values()) >= before >= 3


def test_before_any_migration_nothing_optional_is_granted(
    with_features: Callable[..., Flask], visitor: Visitor, tmp_path: Path
) -> None:
    visitor.choose("accept")
    empty = tmp_path / "empty"
    empty.mkdir()
    app = with_features(*BASE_FEATURES, instance=empty)
    page = app.test_client(use_cookies=False).get(
        "/cookies/", headers={"Cookie": f"consent={visitor.cookie()}; theme=dark"}
    )
    assert page.status_code == 200
    assert " checked>" not in page.text
    assert 'content="light dark"' in page.text


def test_a_choice_that_is_kept_is_not_read_again(app: Flask, visitor: Visitor) -> None:
    """A database that fails after the commit would make a failure of it."""
    with counted() as statements:
        assert visitor.choose("accept").status_code == 303
    [kept] = (at for at, one in enumerate(statements) if "INTO consent_record" in one)
    own = [one for one in statements[kept:] if "WHERE consent_record.id =" in one]
    assert own == []

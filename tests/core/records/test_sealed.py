"""The words of staff have an end; the chain that vouches for them does not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import DateTime, column, insert, select, table, text

from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records import journal
from neupusti.core.records.chain import START
from neupusti.core.records.journal import ActWords, StaffAction
from neupusti.core.registry import registry
from neupusti.retention.service import sweeps as retention
from tests.accounts.cast import account
from tests.core.records.test_journal import log_action
from tests.erasure import erasing
from tests.lending import SECRET
from tests.people import AIGERIM
from tests.times import NOON, Clock

WORDS = "Called Aigerim about her divorce"
OTHER_SECRET = "fedcba9876543210fedcba9876543210"
OFF = {
    "sqlite": "DROP TRIGGER IF EXISTS {table}_no_update",
    "postgresql": "ALTER TABLE {table} DISABLE TRIGGER USER",
}


def change(statement: str, **values: object) -> None:
    """Change the journal past its triggers, as the owner of the database can."""
    db.session.rollback()
    with writing() as session:
        for table in ("staff_action", "act_words"):
            session.execute(text(OFF[db.engine.dialect.name].format(table=table)))
        session.execute(text(statement), values)
    db.session.rollback()


def broken() -> int | None:
    db.session.expire_all()
    db.session.rollback()
    return journal.broken(db.session())


def actions() -> list[StaffAction]:
    db.session.rollback()
    rows = select(StaffAction).order_by(StaffAction.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


@pytest.mark.situation(15, of="rights")
@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_the_words_go_after_their_term_and_the_chain_stays_sound(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    log_action(WORDS)
    journal.keep_head()
    at(NOON + timedelta(days=1095) - timedelta(seconds=1))
    log_action("later words")
    assert retention.sweep(registry().retention).destroyed["act_words"] == 0
    at(NOON + timedelta(days=1095))
    assert retention.sweep(registry().retention).destroyed["act_words"] == 1
    first, second = actions()
    assert (first.reason, first.reason_is_destroyed) == ("", True)
    assert (second.reason, second.reason_is_destroyed) == ("later words", False)
    assert broken() is None
    journal.keep_head()


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(15, of="rights")
def test_a_destruction_takes_the_words_and_the_chain_stays_sound(
    app: Flask, at: Clock
) -> None:
    at(erasing.NOON)
    person = account(AIGERIM).number
    first = log_action(WORDS, person).id
    second = log_action("about another").id
    journal.keep_head()
    number = erasing.confirmed(AIGERIM, person)
    at(erasing.BEGINS)
    erasing.work(2)
    assert erasing.erasure_of(number).state == "done"
    left = {one.id: (one.reason, one.reason_is_destroyed) for one in actions()}
    assert (left[first], left[second]) == (("", True), ("about another", False))
    assert broken() is None
    journal.keep_head()
    change("UPDATE staff_action SET sealed = '' WHERE id = :act", act=first)
    assert broken() == first


@pytest.mark.clause("6.1.3")
@pytest.mark.manifest(field="holdings")
def test_the_words_belong_to_those_whom_the_act_is_about(app: Flask) -> None:
    act = log_action(WORDS).id
    (holding,) = [one for one in registry().holdings if one.model is ActWords]
    for person, found in ((7, [act]), (4, [act]), (8, [])):
        assert [
            row.act for row in db.session.scalars(holding.of(Whose(person=person)))
        ] == found


def test_the_words_never_change(app: Flask) -> None:
    log_action(WORDS)
    with pytest.raises(Exception, match="never changes"):
        db.session.execute(text("UPDATE act_words SET words = 'x'"))
    db.session.rollback()


@pytest.mark.situation(15, of="rights")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE act_words SET words = 'Asked by the court' WHERE act = :act",
        "UPDATE act_words SET salt = 'x' WHERE act = :act",
        "UPDATE staff_action SET sealed = '' WHERE id = :act",
        "UPDATE staff_action SET sealed = NULL WHERE id = :act",
        "UPDATE staff_action SET person = 8 WHERE id = :act",
        "UPDATE staff_action SET voucher = chain WHERE id = :act",
    ],
)
def test_forged_words_are_found(app: Flask, statement: str) -> None:
    _, act, _ = (log_action(words).id for words in ("one", WORDS, "three"))
    assert broken() is None
    change(statement, act=act)
    assert broken() == act


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO act_words (act, at, salt, words) VALUES (:act, :now, 'x', 'y')",
        "UPDATE staff_action SET reason = 'y' WHERE id = :act",
    ],
)
def test_no_words_take_the_place_of_destroyed_ones(app: Flask, statement: str) -> None:
    act = log_action(WORDS).id
    with writing() as session:
        session.execute(text("DELETE FROM act_words"))
    assert broken() is None
    values = {"now": NOON} if ":now" in statement else {}
    change(statement, act=act, **values)
    assert broken() == act


def former_chain(row: StaffAction, previous: str) -> str:
    """Return the chain value that everybody can compute, as it was before the key."""
    return sha256(f"{previous}\n{row.encoded('reason')}".encode()).hexdigest()


def test_without_the_key_nobody_goes_on(app: Flask) -> None:
    """Who can write to the database chains rows in the former way, or makes a key."""
    for words in ("one", "two"):
        log_action(words)
    first, second = actions()
    forged = former_chain(second, first.chain)
    values = {"id": second.id, "chain": forged, "reason": second.reason}
    change(
        "UPDATE staff_action SET sealed = NULL, reason = :reason, chain = :chain"
        " WHERE id = :id",
        **values,
    )
    assert broken() == second.id
    change("DELETE FROM chain_key")
    assert broken() == first.id


@contextmanager
def secret(app: Flask, present: str, *former: str) -> Iterator[None]:
    """Run the site with another secret meanwhile."""
    kept = app.config["SECRET_KEY"], app.config["FORMER_SECRETS"]
    app.config["SECRET_KEY"], app.config["FORMER_SECRETS"] = present, former
    yield
    app.config["SECRET_KEY"], app.config["FORMER_SECRETS"] = kept


def test_the_chain_survives_a_change_of_the_secret(app: Flask) -> None:
    log_action("one")
    with secret(app, OTHER_SECRET, SECRET):
        log_action("two")
        assert broken() is None
        printed = app.test_cli_runner().invoke(args=["accounts", "rekey"])
        assert printed.exit_code == 0, printed.output
    with secret(app, OTHER_SECRET):
        log_action("three")
        assert broken() is None


def test_with_a_lost_secret_staff_still_work_and_the_break_is_told(app: Flask) -> None:
    lost = log_action("one").id
    with secret(app, OTHER_SECRET):
        log_action("two")
        assert broken() == lost


def bare(previous: str, reason: str, chain: str | None = None) -> dict[str, object]:
    """Return a row as it was before there were commitments; sound unless `chain` is."""
    at = datetime(2026, 11, 20, 7, tzinfo=UTC)
    fields = {
        "staff": 4,
        "action": "people.opened",
        "operation": "access",
        "person": 7,
        "what": "person page",
        "reason": reason,
    }
    words = json.dumps({"at": at.isoformat(), **fields}, ensure_ascii=False, sort_keys=True)
    own = sha256(f"{previous}\n{words}".encode()).hexdigest()
    return {"at": at, **fields, "chain": chain or own}


TABLE = table(
    "staff_action",
    column("at", DateTime(timezone=True)),
    *map(column, ("staff", "action", "operation", "person", "what", "reason")),
    column("chain"),
)
"""The journal as it was before there were commitments."""


def upgrade(*rows: dict[str, object]) -> None:
    """Plant rows of the version before, and upgrade."""
    db.session.remove()
    flask_migrate.downgrade(revision="0022-1")
    with db.engine.begin() as connection:
        connection.execute(insert(TABLE), list(rows))
    flask_migrate.upgrade()


@pytest.mark.clause("5.1")
def test_words_of_earlier_versions_leave_the_chain_and_can_go(app: Flask) -> None:
    first = bare(START, WORDS)
    second = bare(str(first["chain"]), "")
    upgrade(first, second)
    rows = actions()
    assert [row.chain for row in rows] == [first["chain"], second["chain"]]
    assert [(row.former_reason, row.reason) for row in rows] == [("", WORDS), ("", "")]
    log_action("of this version")
    assert broken() is None
    with writing() as session:
        session.execute(text("DELETE FROM act_words"))
    assert broken() is None
    assert [row.reason_is_destroyed for row in actions()] == [True, False, True]
    change("UPDATE staff_action SET person = 8 WHERE id = 2")
    assert broken() == 2


def test_what_was_broken_before_the_upgrade_stays_so(app: Flask) -> None:
    first = bare(START, "one")
    forged = bare(str(first["chain"]), "forged", chain="f" * 64)
    upgrade(first, forged, bare("f" * 64, "three"))
    assert broken() == 2
    assert [row.former_reason for row in actions()] == ["", "forged", ""]


def test_a_downgrade_gives_the_words_back(app: Flask) -> None:
    first = bare(START, WORDS)
    upgrade(first)
    db.session.remove()
    flask_migrate.downgrade(revision="0022-1")
    with db.engine.connect() as connection:
        row = connection.execute(select(TABLE)).one()
    assert (row.reason, row.chain) == (WORDS, first["chain"])
    flask_migrate.upgrade()
    assert broken() is None

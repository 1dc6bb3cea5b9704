"""`flask decisions …`, and the way out where the file is lost or was changed."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.decisions import Decision, State, decide
from neupusti.core.records.journal import StaffAction
from tests.accounts.cast import account
from tests.accounts.test_consents import given_consent
from tests.backup.yesterday import Yesterday
from tests.people import AIGERIM


def run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["decisions", *words])
    db.session.rollback()
    return done.exit_code, done.output


def withdrawn(person: int, number: int) -> None:
    with writing() as session:
        values = {"method": "button pressed"}
        decide(session, Decision.WITHDRAWN, person=person, ref=str(number), values=values)


@pytest.fixture
def behind(app: Flask) -> None:
    """A site whose database lacks a withdrawal."""
    who = account(AIGERIM)
    number = given_consent(who)
    before = Yesterday(app)
    withdrawn(who.number, number)
    before.put_back()


@pytest.mark.usefixtures("behind")
@pytest.mark.situation(14, of="rights")
def test_replay_tells_what_it_did(app: Flask) -> None:
    code, told = run(app, "replay", "--dry-run")
    assert (code, told.splitlines()[-1]) == (0, "1 decisions would be carried out again.")
    assert run(app, "verify") == (1, "Error: The decisions are behind by 1.\n")
    code, told = run(app, "replay")
    assert code == 0
    assert "withdrawn            1  changed 1" in told
    assert told.splitlines()[-1] == "1 decisions were carried out again: the site opens."
    code, told = run(app, "verify")
    assert (code, told) == (
        0,
        "2 lines are sound, and the database knows every decision.\n",
    )


@pytest.mark.situation(17, of="rights")
def test_a_lost_file_is_accepted_for_a_reason_that_is_journaled(app: Flask) -> None:
    withdrawn(7, 1)
    decision_file.path().unlink()
    code, told = run(app, "verify")
    assert (code, told) == (
        1,
        "Error: The decisions are lost: 1 missing from the file.\n",
    )
    code, told = run(app, "replay")
    assert code == 1
    assert "`flask decisions verify`" in told
    assert run(app, "accept", "--reason", "the disk died")[0] == 0
    assert decisions.standing(db.session()).state is State.CURRENT
    act = db.session.scalars(select(StaffAction)).one()
    assert (act.action, act.what) == ("decisions.accepted", "lost")
    assert act.reason == "the disk died"
    withdrawn(7, 2)
    assert decisions.standing(db.session()).state is State.CURRENT


@pytest.mark.parametrize("end", [b"nonsense\n", b"x" * 40_000, b'{"n":[]} 0\n'])
def test_a_changed_file_is_accepted_and_goes_on(app: Flask, end: bytes) -> None:
    withdrawn(7, 1)
    path = decision_file.path()
    path.write_bytes(path.read_bytes() + end + b"\n")
    assert run(app, "verify")[0] == 1
    assert run(app, "accept", "--reason", "looked at it")[0] == 0
    withdrawn(7, 2)
    assert run(app, "verify")[0] == 0


def test_there_is_nothing_to_accept_where_all_is_well(app: Flask) -> None:
    assert run(app, "accept", "--reason", "why not")[0] == 1
    assert db.session.scalars(select(StaffAction)).all() == []


@pytest.mark.usefixtures("behind")
def test_what_is_behind_cannot_be_accepted(app: Flask) -> None:
    assert run(app, "accept", "--reason", "why not")[0] == 1


@pytest.mark.usefixtures("behind")
def test_a_copy_kept_elsewhere_brings_the_file_back(app: Flask, tmp_path: Path) -> None:
    copy = tmp_path / "copy.log"
    copy.write_bytes(decision_file.path().read_bytes())
    decision_file.path().unlink()
    assert run(app, "verify")[0] == 0
    code, told = run(app, "replay", "--from", str(copy), "--dry-run")
    assert (code, told.splitlines()[-1]) == (0, "1 decisions would be carried out again.")
    assert not decision_file.path().exists()
    code, told = run(app, "replay", "--from", str(copy))
    assert code == 0
    assert told.startswith("2 lines were added from the copy.")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"person":7', b'"person":8'),
        lambda text: text[:-1],
        lambda text: b"\n".join(reversed(text.split(b"\n"))),
    ],
    ids=["changed", "cut", "turned"],
)
def test_a_copy_that_is_not_ours_is_refused(
    app: Flask, tmp_path: Path, change: object
) -> None:
    withdrawn(7, 1)
    body = decision_file.path().read_bytes()
    copy = tmp_path / "copy.log"
    withdrawn(7, 2)
    longer = decision_file.path().read_bytes()
    decision_file.path().write_bytes(body)
    copy.write_bytes(change(longer))  # type: ignore[operator]
    code, told = run(app, "replay", "--from", str(copy))
    assert code == 1
    assert told.startswith("Error: ")
    assert decision_file.path().read_bytes() == body

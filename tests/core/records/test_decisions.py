"""The file of decisions: written before the commit, and compared with the database."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import PoolProxiedConnection

from neupusti.core.data.database import db, writing
from neupusti.core.data.keys import FORMER
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.decision_file import ACCEPTED, Read, UnrecordedError
from neupusti.core.records.decisions import Decision, DecisionHead, Standing, State, decide
from tests.people import AIGERIM

KEY = AIGERIM.email.lower()


def decided(*persons: int) -> None:
    for person in persons:
        with writing() as session:
            decide(session, Decision.WITHDRAWN, person=person, ref=str(person))


def standing() -> Standing:
    db.session.rollback()
    return decisions.standing(db.session())


def forget(*numbers: int) -> None:
    """Take rows away, as a restored backup does."""
    with writing() as session:
        session.execute(delete(DecisionHead).where(DecisionHead.n.in_(numbers)))


def lines() -> list[bytes]:
    return decision_file.path().read_bytes().splitlines(keepends=True)


def put(found: list[bytes]) -> None:
    decision_file.path().write_bytes(b"".join(found))


def test_a_site_that_decided_nothing_has_no_file_and_is_current(app: Flask) -> None:
    assert standing().state is State.CURRENT
    assert not decision_file.path().exists()


def test_a_decision_is_a_line_and_a_row_and_is_marked_as_done(app: Flask) -> None:
    decided(7)
    kinds = [read.line.kind for read in decision_file.read() if read.line]
    assert kinds == ["withdrawn", "done"]
    assert db.session.scalars(select(DecisionHead.n)).all() == [1]
    assert standing().state is State.CURRENT
    assert decision_file.path().stat().st_mode & 0o777 == 0o600


def test_no_address_stands_in_the_file_but_its_owner_can_be_found(app: Flask) -> None:
    with writing() as session:
        decide(session, Decision.UNSUBSCRIBED, email_key=KEY)
    assert KEY.encode() not in decision_file.path().read_bytes()
    read = next(decision_file.read())
    assert read.line is not None
    key = decision_file.hashers()[read.line.made_with]
    assert decision_file.hashed(KEY, key) == read.line.hash


def test_a_decision_holds_no_address_in_clear(app: Flask) -> None:
    with pytest.raises(ValueError, match="no address"), writing() as session:
        decide(session, Decision.UNSUBSCRIBED, values={"of": KEY})
    assert standing().state is State.CURRENT


@pytest.mark.situation(14, of="rights")
def test_a_database_without_what_was_done_is_behind(app: Flask) -> None:
    decided(7, 8, 9)
    forget(3, 5)
    found = standing()
    assert found.state is State.BEHIND
    assert [line.person for line in found.behind] == [8, 9]


def test_a_decision_made_during_the_look_is_not_behind(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = decision_file.read

    def later(file: Path | None) -> Iterator[Read]:
        with app.app_context():
            decided(8)
        return read(file)

    decided(7)
    monkeypatch.setattr(decision_file, "read", later)
    found = standing()
    assert (found.state, found.interrupted, found.lines) == (State.CURRENT, [], 4)


def test_a_decision_that_was_rolled_back_is_void(app: Flask) -> None:
    with suppress(RuntimeError), writing() as session:
        decide(session, Decision.ERASED, person=7)
        raise RuntimeError
    found = standing()
    assert (found.state, found.behind, found.interrupted) == (State.CURRENT, [], [])


def test_one_whose_process_was_killed_is_interrupted(app: Flask) -> None:
    decided(7)
    decision_file.append(Decision.ERASED.value, person=8)
    found = standing()
    assert found.state is State.CURRENT
    assert [line.person for line in found.interrupted] == [8]


def test_a_savepoint_decides_nothing_about_the_transaction(app: Flask) -> None:
    with suppress(RuntimeError), writing() as session:
        with session.begin_nested():
            decide(session, Decision.ERASED, person=7)
        raise RuntimeError
    kinds = [read.line.kind for read in decision_file.read() if read.line]
    assert kinds == ["erased", "void"]


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[:2] + found[3:],
        lambda found: [*found[:2], found[0], *found[2:]],
        lambda found: [found[2], found[3], found[0], found[1], *found[4:]],
        lambda found: [line.replace(b"\n", b"\r\n") for line in found],
        lambda found: [found[0].replace(b'"person":7', b'"person":8'), *found[1:]],
        lambda found: [*found, b"nonsense\n"],
        lambda found: [*found, b'{"n":[]} 0\n'],
        lambda found: found[1:],
    ],
    ids=["out", "in", "moved", "crlf", "changed", "nonsense", "type", "beheaded"],
)
def test_a_changed_file_is_tampered_with(
    app: Flask, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    decided(7, 8, 9)
    put(change(lines()))
    assert standing().state is State.TAMPERED


def test_half_a_line_at_the_end_is_counted_and_cut_off_by_the_next(app: Flask) -> None:
    decided(7)
    put([*lines(), b'{"n":3,"at":"2026'])
    found = standing()
    assert (found.state, found.half) == (State.CURRENT, 17)
    decided(8)
    found = standing()
    assert (found.state, found.half) == (State.CURRENT, 0)
    kinds = [read.line.kind for read in decision_file.read() if read.line]
    assert kinds == ["withdrawn", "done", "repaired", "withdrawn", "done"]


def test_half_a_first_line_is_cut_off_too(app: Flask) -> None:
    put([b'{"n":1'])
    decided(7)
    assert standing().state is State.CURRENT


def test_a_lost_file_refuses_the_next_decision(app: Flask) -> None:
    decided(7)
    decision_file.path().unlink()
    assert standing().state is State.LOST
    with pytest.raises(UnrecordedError):
        decided(8)


def test_a_file_whose_end_was_cut_off_is_lost(app: Flask) -> None:
    decided(7, 8)
    put(lines()[:2])
    assert standing().state is State.LOST


def test_after_acceptance_a_lost_file_goes_on(app: Flask) -> None:
    decided(7, 8)
    decision_file.path().unlink()
    newest = db.session.scalars(
        select(DecisionHead).order_by(DecisionHead.n.desc())
    ).first()
    assert newest is not None
    decision_file.accept(newest.n, newest.chain, {})
    assert standing().state is State.CURRENT
    decided(9)
    assert standing().state is State.CURRENT


def test_an_accepted_line_that_is_not_signed_accepts_nothing(app: Flask) -> None:
    decided(7)
    decision_file.append(ACCEPTED)
    last = lines()[-1]
    put([lines()[0], last.replace(last[-9:], b"00000000\n")])
    assert standing().state is State.TAMPERED


def test_a_line_of_a_lost_secret_is_vouched_for_by_the_next_one(app: Flask) -> None:
    first = app.config["SECRET_KEY"]
    decided(7)
    app.config["SECRET_KEY"] = "f" * 32
    assert standing().state is State.TAMPERED
    app.config[FORMER] = (first,)
    assert standing().state is State.CURRENT
    decided(8)
    app.config[FORMER] = ()
    assert standing().state is State.CURRENT


def test_a_new_secret_vouches_for_the_lines_of_the_former_one(app: Flask) -> None:
    decision_file.vouch()
    assert not decision_file.path().exists()
    first = app.config["SECRET_KEY"]
    decided(7)
    app.config |= {"SECRET_KEY": "f" * 32, FORMER: (first,)}
    assert app.test_cli_runner().invoke(args=["accounts", "rekey"]).exit_code == 0
    app.config[FORMER] = ()
    assert (standing().state, standing().lines) == (State.CURRENT, 3)
    decision_file.vouch()
    assert standing().lines == 3


def test_where_it_cannot_be_written_nothing_is_done(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(7)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, text: real(file, text[:10]))
    with pytest.raises(UnrecordedError):
        decided(8)
    monkeypatch.undo()
    found = standing()
    assert (found.state, found.half, found.lines) == (State.CURRENT, 0, 2)
    assert db.session.scalars(select(DecisionHead.n)).all() == [1]


def test_many_write_at_a_time(app: Flask) -> None:
    def work(first: int) -> None:
        with app.app_context():
            decided(*range(first, first + 10))

    threads = [threading.Thread(target=work, args=[100 * n]) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = standing()
    assert (found.state, found.lines, found.interrupted) == (State.CURRENT, 80, [])


def test_old_decisions_are_repeated_without_new_lines(app: Flask) -> None:
    with writing() as session, decisions.carrying_out(session):
        decide(session, Decision.WITHDRAWN, person=7)
    assert not decision_file.path().exists()
    decided(7)
    assert decision_file.path().exists()


def test_one_whose_commit_had_no_answer_is_not_void(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = db.engine.dialect.do_commit

    def unanswered(connection: PoolProxiedConnection) -> None:
        real(connection)
        raise ConnectionError

    with monkeypatch.context() as lost, suppress(ConnectionError):
        lost.setattr(db.engine.dialect, "do_commit", unanswered)
        decided(7)
    kinds = [read.line.kind for read in decision_file.read() if read.line]
    assert kinds == ["withdrawn"]
    assert (standing().state, standing().interrupted) == (State.CURRENT, [])
    forget(1)
    assert [line.person for line in standing().interrupted] == [7]
    decided(8)
    assert [line.person for line in standing().interrupted] == [7]


def test_one_that_is_refused_before_the_commit_is_void(app: Flask) -> None:
    with suppress(IntegrityError), writing() as session:
        decide(session, Decision.ERASED, person=7)
        session.add(DecisionHead(n=9))
    found = standing()
    assert (found.lines, found.interrupted) == (2, [])

"""What is known of the proofs is found while every connection of the pool is held."""

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from neupusti.core.data.database import db
from neupusti.core.proofs import results, whole
from neupusti.core.proofs.models import ProofRun
from tests.core.proofs.examples import CHECK
from tests.core.proofs.test_whole import ABOUT

HELD = 15
"""The connections that a pool has at most."""


def test_a_crowd_that_comes_first_finds_what_is_known(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = whole.keep(whole.run([CHECK]), ABOUT).id
    monkeypatch.setattr(db.engine.pool, "_timeout", 2)
    together = Barrier(HELD)
    found: list[int] = []

    def look() -> None:
        with app.app_context():
            db.session.execute(select(ProofRun.id)).all()
            together.wait()
            found.append(results.known().run)

    db.session.rollback()
    threads = [Thread(target=look) for _ in range(HELD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [run] * HELD


def test_what_was_known_outlives_an_invalidation_without_a_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = whole.keep(whole.run([CHECK]), ABOUT).id
    assert results.known().run == run
    results.invalidate()

    def fail(*_args: object) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(results, "_read", fail)
    assert results.known().run == run


def test_the_history_is_read_once_for_each_run(app: Flask) -> None:
    whole.keep(whole.run([CHECK]), ABOUT)
    read: list[str] = []

    def listen(*args: object) -> None:
        read.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", listen)
    first = results.history()
    del read[:]
    assert results.history() == first
    event.remove(db.engine, "before_cursor_execute", listen)
    assert read == []

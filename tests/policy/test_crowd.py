"""The editions are found while every connection of the pool is held."""

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.policy.models import Edition
from neupusti.policy.service import edition_store

HELD = 15
"""The connections that a pool has at most."""


def test_a_crowd_that_comes_first_finds_the_editions(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.engine.pool, "_timeout", 2)
    edition_store.invalidate()
    together = Barrier(HELD)
    found: list[str] = []

    def look() -> None:
        with app.app_context():
            db.session.execute(select(Edition.id)).all()
            together.wait()
            found.append(edition_store.date_in_force())

    db.session.rollback()
    threads = [Thread(target=look) for _ in range(HELD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [edition_store.date_in_force()] * HELD
    assert found[0]

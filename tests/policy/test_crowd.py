"""The editions are found by a crowd, in a pool without connections or a silent database."""

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from neupusti import app as site
from neupusti.core.background import Background
from neupusti.core.data.database import db
from neupusti.policy.models import Edition
from neupusti.policy.service import edition_store

HELD = 15
"""The connections that a pool has at most."""


def test_after_a_publication_one_page_asks_a_silent_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = edition_store.date_in_force(), []
    cache = edition_store._cache(db.engine)  # noqa: SLF001 - no other way to see its looks
    monkeypatch.setattr(edition_store, "RECHECK_SECONDS", 1e9)

    def silent() -> None:
        asked.append(1)
        raise OperationalError("SELECT", None, Exception("no answer in time"))

    edition_store.invalidate()
    with monkeypatch.context() as patched:
        patched.setattr(cache, "_refresh", silent)
        for _page in range(3):
            assert edition_store.date_in_force() == known
        cache.look.take(whole=True)  # a page that waited for the first one
    assert asked == [1]
    edition_store.invalidate()
    before = cache.refreshed
    assert edition_store.date_in_force() == known
    assert cache.refreshed > before


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


def test_a_worker_knows_the_editions_before_its_first_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a server that falls silent at its start would leave it without a policy."""
    cache = edition_store._cache(db.engine)  # noqa: SLF001 - as above
    monkeypatch.setattr(cache, "current", None)
    monkeypatch.setattr(site, "create_app", lambda: app)
    monkeypatch.setattr(Background, "start", lambda _self: None)
    site.create_worker()
    assert cache.current is not None

"""Who is destroyed is in no file of the server, no later e-mail, no restored backup."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text, update

from neupusti.backup.service import replaying
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Server
from tests.backup.yesterday import Yesterday
from tests.core.smtp_server import SmtpServer
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    ONCE,
    answered,
    confirmed,
    dump,
    erasure_of,
    in_any_form,
    must_go,
    on_disk,
    work,
)
from tests.people import AIGERIM, BOLAT, GUEST
from tests.postgres import Cluster
from tests.rights.canaries import Planted
from tests.times import Clock

Plant = Callable[..., Planted]
pytestmark = [pytest.mark.clause("6.1.3"), pytest.mark.situation(2, of="rights")]
POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
OID = text("SELECT oid FROM pg_database WHERE datname = current_database()")
WHO = pytest.mark.parametrize("person", [1, None], ids=["account", "guest"])


@POSTGRESQL
@WHO
def test_no_file_of_the_server_has_them(
    app: Flask, cluster: Cluster, plant: Plant, at: Clock, person: int | None
) -> None:
    """Its write-ahead log loses them at its next checkpoint in another segment."""
    at(NOON)
    who = AIGERIM if person else GUEST
    planted, twin = plant(who, person, *ONCE), plant(BOLAT, 2, *ONCE)
    answered()
    number = confirmed(who, person)
    folder = cluster.data / "base" / str(db.session.scalar(OID))
    db.session.rollback()
    cluster.execute("CHECKPOINT")
    words = in_any_form(must_go(planted))
    before = {one for names in on_disk(folder, words).values() for one in names}
    assert len(before) >= len(must_go(planted)) / 2
    log = cluster.data / "pg_wal"
    assert on_disk(log, words) != {}
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "done"
    cluster.execute("SELECT pg_switch_wal()", "CHECKPOINT")
    assert on_disk(folder, words) == {}
    assert on_disk(log, words) == {}
    assert on_disk(folder, in_any_form(twin.canaries)) != {}


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """A mail server that keeps what it gets."""
    with SmtpServer().open() as smtp:
        yield smtp


@WHO
def test_only_the_last_email_leaves(
    app: Flask, smtp: SmtpServer, plant: Plant, at: Clock, person: int | None
) -> None:
    app.extensions[outbox.EXTENSION] = replace(
        outbox.service(), server=Server("smtp", "127.0.0.1", smtp.port)
    )
    at(NOON)
    who = AIGERIM if person else GUEST
    planted = plant(who, person, *ONCE)
    answered()
    with writing() as session:
        queue = update(OutboxEmail).where(OutboxEmail.recipient == who.email)
        queued = {"state": OutboxState.QUEUED.value, "done_at": None, "next_at": BEGINS}
        assert session.execute(queue.values(queued).returning(OutboxEmail.id)).all()
    number = confirmed(who, person)
    at(BEGINS)
    work()
    Sender(outbox.service()).run()
    work()
    assert erasure_of(number).state == "done"
    assert smtp.recipients == [who.email]
    [last] = smtp.emails
    others = {n: word for n, word in must_go(planted).items() if word != who.email}
    words = in_any_form(others)
    assert [name for name, word in words.items() if word in bytes(last)] == []
    Sender(outbox.service()).run()
    assert len(smtp.emails) == 1


@WHO
@pytest.mark.situation(14, of="rights")
def test_no_restored_backup_has_them_after_the_replay(
    app: Flask,
    request: pytest.FixtureRequest,
    plant: Plant,
    at: Clock,
    person: int | None,
) -> None:
    at(NOON)
    who = AIGERIM if person else GUEST
    planted = plant(who, person, *ONCE)
    answered()
    before = Yesterday(app)
    home = Path(app.instance_path)
    if on_sqlite := db.engine.dialect.name == "sqlite":
        # Not in the data folder, where nothing may be left.
        elsewhere = request.getfixturevalue("tmp_path_factory").mktemp("backups")
        before.copy = shutil.move(before.copy, str(elsewhere))
    confirmed(who, person)
    at(BEGINS)
    work(2)
    before.put_back()
    canaries = must_go(planted)
    assert [name for name, word in canaries.items() if word in dump()]
    replaying.replay(replaying.missing())
    work(2)
    stored = dump()
    assert [name for name, word in canaries.items() if word in stored] == []
    assert who.email not in stored
    if not on_sqlite:
        cluster = request.getfixturevalue("cluster")
        folder = cluster.data / "base" / str(db.session.scalar(OID))
        cluster.execute("CHECKPOINT")
        assert on_disk(folder, in_any_form(canaries)) == {}
    db.session.remove()
    db.engine.dispose()
    assert on_disk(home, in_any_form(canaries)) == {}

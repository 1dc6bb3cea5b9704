"""Findings of the access log reach whoever holds `statistics`: the board and an e-mail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.staff.service import weekly
from tests import desk
from tests.access.conftest import engine, enrichment, entry, load
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import Clock

__all__ = ["engine", "enrichment", "load"]

MONDAY = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SECRETS = ("/.env", "/.git/config", "/backup.sql", "/id_rsa.old", "/wp-config.php.bak")


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(MONDAY)


@pytest.fixture
def attacked(load: Callable[..., None]) -> None:
    """An attack of Saturday, of which one file was answered."""
    saturday = MONDAY - timedelta(days=2)
    load(
        entry(
            saturday + timedelta(seconds=at),
            ip="198.51.100.9",
            path=path,
            status=404 if at else 200,
        )
        for at, path in enumerate(SECRETS)
    )


def emails() -> list[OutboxEmail]:
    db.session.rollback()
    query = select(OutboxEmail).where(OutboxEmail.kind == weekly.FINDINGS.name)
    return list(db.session.scalars(query.order_by(OutboxEmail.id)))


@pytest.mark.clause("3.3.2")
@pytest.mark.manifest(field="emails")
@pytest.mark.manifest(field="jobs")
@pytest.mark.usefixtures("attacked")
def test_holders_read_of_the_findings_once_a_week(app: Flask, at: Clock) -> None:
    dana = desk.member(DANA, Permission.STATISTICS)
    desk.member(BOLAT, Permission.PRIVACY)
    (job,) = (one for one in registry().jobs if one.name == "findings")
    job.run()
    job.run()
    (email,) = emails()
    assert (email.person, email.recipient) == (dana, DANA.email)
    assert "198.51.100" not in email.subject
    assert "198.51.100.9" not in email.text
    assert "198.51.100.0 · " in email.text
    assert "/admin/access/findings/2026-11-21/http-sensitive-files." in email.text
    assert "/admin/access/problems/?from=2026-11-16&to=2026-11-22" in email.text
    at(MONDAY + timedelta(days=6))
    job.run()
    assert len(emails()) == 1
    desk.member(AIGERIM, Permission.STATISTICS)
    job.run()
    assert [one.recipient for one in emails()] == [DANA.email, AIGERIM.email]
    at(MONDAY + timedelta(days=7))
    job.run()
    assert len(emails()) == 2, "nothing was found in that week"


@SQLITE
@pytest.mark.usefixtures("attacked")
@pytest.mark.parametrize(("language", "word"), [("ru", "служебные файлы"), ("kk", "файл")])
def test_they_read_in_their_language(app: Flask, language: str, word: str) -> None:
    dana = desk.member(DANA, Permission.STATISTICS)
    with writing() as session:
        session.get_one(Person, dana).language = language
    weekly.run()
    (email,) = emails()
    assert word in email.text
    assert "asked for" not in email.text


@SQLITE
def test_a_quiet_week_brings_no_email(app: Flask) -> None:
    desk.member(DANA, Permission.STATISTICS)
    weekly.run()
    assert emails() == []


@SQLITE
@pytest.mark.manifest(field="duties")
@pytest.mark.usefixtures("attacked")
def test_the_board_tells_the_worst(app: Flask) -> None:
    holder = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
    page = holder.get("/en/admin/").text
    assert "2 items are open" in page
    assert "198.51.100.0 · " in page
    assert "The site gave out “/.env”" in page
    other = desk.signed_in(app, desk.member(BOLAT, Permission.PRIVACY)).get("/en/admin/")
    assert "2 items are open" in other.text
    assert "198.51.100" not in other.text

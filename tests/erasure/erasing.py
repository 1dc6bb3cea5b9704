"""People who have their data destroyed, and what is left of them afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from neupusti.contact.models import ContactRequest
from neupusti.contact.models import RequestState as ContactState
from neupusti.core import clock
from neupusti.core.data import finding, postgresql
from neupusti.core.data.classification import classification, personal_columns
from neupusti.core.data.database import Base, db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Fate
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import asking, destroying, plan, running, verifying
from neupusti.orders.models.fulfilment import GoodsReturn, ReturnState
from neupusti.rights.service.requests import Asker
from tests.people import Person
from tests.rights.canaries import Planted

NOON = datetime(2026, 11, 26, 7, tzinfo=UTC)
BEGINS = NOON + asking.WAIT
SOON = timedelta(minutes=1)
ONCE = (
    *("erasure", "erasure_step", "erasure_file", "erasure_kept", "placed_hold"),
    "tombstone",
)
"""Tables that get no canary: the erasure under test is the row in them."""
EMPTY_BY_NOW = "staff_action.reason"
"""Only rows of an earlier version have it; words of today are in `act_words`."""
OF_STAFF = "recipient_version.reason"
"""About a carrier, not about who buys."""


def asker(who: Person, person: int | None = None) -> Asker:
    """Return who asks, as their page knows them."""
    return Asker(
        person=person,
        email=who.email,
        email_key=emails.key(who.email),
        language=Language.EN,
        received_at=clock.now(),
    )


def confirmed(who: Person, person: int | None = None) -> int:
    """Confirm what the preview shows; return the number of the erasure."""
    one = asker(who, person)
    seen = plan.fingerprint(db.session(), one.whose)
    db.session.rollback()
    number = asking.confirm(one, seen).id
    db.session.rollback()
    return number


def work(times: int = 1) -> None:
    """Run the job, as its thread does: each time in a new transaction."""
    for _time in range(times):
        db.session.rollback()
        running.run()
    db.session.rollback()


def destroyed(number: int) -> bool:
    """Destroy as the job does: whom another writer kept waiting, it tries again."""
    while True:
        try:
            return destroying.destroy(number)
        except OperationalError as error:
            if postgresql.sqlstate(error) not in {postgresql.LOCKED, postgresql.DEADLOCK}:
                raise


def last_emails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the text of each last e-mail: none stays in the outbox."""
    texts: list[str] = []

    def enqueue(*args: Any, **values: Any) -> OutboxEmail:
        email = outbox.enqueue(*args, **values)
        texts.append(email.text)
        return email

    monkeypatch.setattr(running, "enqueue", enqueue)
    return texts


def erasure_of(number: int) -> Erasure:
    """Return an erasure as it is stored now."""
    db.session.rollback()
    return db.session.get_one(Erasure, number, populate_existing=True)


def whose(who: Person, person: int | None = None) -> Whose:
    """Return whose rows are destroyed."""
    return Whose(person=person, email_key=emails.key(who.email))


def answered() -> None:
    """Close the questions and returns that were planted: an open one is kept till then."""
    with writing() as session:
        session.execute(update(ContactRequest).values(state=ContactState.CLOSED.value))
        session.execute(update(GoodsReturn).values(state=ReturnState.REFUSED.value))


def must_go(planted: Planted) -> dict[str, str]:
    """Return the canaries of which nothing may be left: of people, or of rows that go."""
    fates = {one.model.__table__.name: one.fate for one in registry().holdings}
    found = {}
    for name, value in planted.canaries.items():
        table, _, column = name.partition(".")
        if name in {EMPTY_BY_NOW, OF_STAFF}:
            continue
        if not column:  # a file
            found[name] = value
            continue
        mark = classification(Base.metadata.tables[table].columns[column])
        goes = fates[table] is Fate.ROW and not registry().holds_of(
            Base.metadata.tables[table]
        )
        if (mark and mark.personal) or (goes and value.startswith("zq")):
            found[name] = value
    linked = {f"{name} (a link)" for name in found}
    return {**found, **{n: s for n, s in planted.secrets.items() if n in linked}}


def dump() -> str:
    """Return every value of every table of the main database."""
    db.session.rollback()
    with db.engine.connect() as connection:
        rows = (
            f"{table.name}: {tuple(row)}"
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(text("*")).select_from(table))
        )
        return "\n".join(rows)


def left_of(person: int) -> list[str]:
    """Return the tables with a row about somebody that is not evidence."""
    db.session.rollback()
    found = []
    for holding in registry().holdings:
        table = holding.model.__table__
        if holding.fate is not Fate.EVIDENCE and personal_columns(table):
            for column in finding.subjects(table):
                rows = select(column).where(column == person).limit(1)
                if db.session.scalar(rows) is not None:
                    found.append(table.name)
    return found


def in_any_form(words: dict[str, str]) -> dict[str, bytes]:
    """Return each word and its end in every encoding a file may have it in."""
    return {
        f"{name} {at}": form
        for name, word in words.items()
        for one in {word, verifying.end_of(word)}
        for at, form in enumerate(sorted(verifying.forms(one)))
    }


def on_disk(home: Path, words: dict[str, bytes]) -> dict[str, list[str]]:
    """Return each file below `home` with one of `words` in it -> which."""
    found = {}
    for path in home.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            if names := [name for name, word in words.items() if word in body]:
                found[path.name] = names
    return found

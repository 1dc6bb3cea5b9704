"""One site on three machines: what it acknowledged is there once, whatever dies.

`make machines` tries it for a quarter of an hour.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from neupusti.access.models import Record
from neupusti.consent.models import ConsentRecord
from neupusti.consent.service import verify
from neupusti.core.data.database import ACCESS, db
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.queries import proofs
from tests.access.crash import SUMS
from tests.core.smtp_server import SmtpServer
from tests.deploy import crowd as people
from tests.deploy.crowd import Browser, Crowd
from tests.deploy.machines import HEAL_SECONDS, Copy, Machines, machines
from tests.deploy.proxies import ProxyClient
from tests.site.test_server import eventually

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]
MACHINES, ANSWERS = 3, 100
"""So many answers between a death and the return, and so many until the next death."""
STRANGER = 60_000


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """The mail server of the site."""
    with SmtpServer().open() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, smtp: SmtpServer) -> Iterator[Machines]:
    """Three machines."""
    with machines(MACHINES, tmp_path, smtp.port) as site:
        yield site


def some_answers(crowd: Crowd) -> None:
    """Wait for some more answers."""
    wanted = len(crowd.asked) + ANSWERS
    eventually(lambda: len(crowd.asked) > wanted)


def waiting_emails() -> list[str]:
    """Return the emails that are still to leave."""
    db.session.rollback()
    queued = select(OutboxEmail.key).filter_by(state=OutboxState.QUEUED)
    return list(db.session.scalars(queued))


def lost_or_doubled(
    what: str, acknowledged: Iterable[str], found: Counter[str]
) -> list[str]:
    """Compare what clients were told with how often each of it was found."""
    return [f"{what} {one}: {found[one]}" for one in acknowledged if found[one] != 1]


def kept(crowd: Crowd) -> list[str]:
    """Return which orders, consents and sessions are lost, doubled or broken."""
    db.session.rollback()
    placed = db.session.execute(select(ShopOrder.email, ShopOrder.number)).all()
    numbers = Counter(f"{email} {number}" for email, number in placed)
    told = (f"{email} {number}" for email, number in crowd.orders.items())
    buyers = Counter(email for email, _number in placed)
    agreed = Counter(db.session.scalars(select(ConsentRecord.public_id)))
    chains = [*proofs.broken(db.session()), *verify.verify_newest(len(agreed)).problems]
    return [
        *lost_or_doubled("order", told, numbers),
        *lost_or_doubled("buyer", buyers, buyers),
        *lost_or_doubled("consent", crowd.consents, agreed),
        *chains,
    ]


def emails(crowd: Crowd, smtp: SmtpServer, *, unsure: int) -> list[str]:
    """Return which buyers got no email, or the same one twice.

    A copy that dies while it hands an email over leaves it `unsure`: staff sees it, and
    nobody gets it twice.
    """
    got = Counter(email["Message-ID"] for email in smtp.emails)
    twice = [number for number, times in got.items() if times > 1]
    left = select(OutboxEmail.recipient).filter_by(state=OutboxState.UNSURE)
    in_doubt = Counter(db.session.scalars(left))
    db.session.rollback()
    reached = Counter(smtp.recipients) | in_doubt
    missing = [email for email in crowd.orders if not reached[email]]
    many = [f"{in_doubt.total()} unsure"] if in_doubt.total() > unsure else []
    return [*twice, *missing, *many]


def logged() -> Counter[str]:
    """Return how often the access log has each request."""
    with db.engines[ACCESS].connect() as connection:
        return Counter(connection.scalars(select(Record.request_id)))


def sums() -> set[int]:
    """Return the number of rows of the access log by itself, and by each roll-up."""
    with db.engines[ACCESS].connect() as connection:
        return {connection.scalar(text(query)) or 0 for query in SUMS.values()}


def ready(copy: Copy) -> int:
    """Return the status of `/readyz` of one machine."""
    return ProxyClient(copy.port).ask("GET", "/readyz")[0]


def failed(crowd: Crowd, *, in_flight: int) -> list[str]:
    """Return what failed without words, or though a machine and PostgreSQL were there.

    A form that a machine had taken as it died is not sent to another one: `in_flight` of
    these may be told in words to try again.
    """
    found = crowd.failures()
    pages = [f"{what}: {times}" for what, times in found.items() if what[:3] == "GET"]
    forms = sum(times for what, times in found.items() if what[:4] == "POST")
    many = [f"{forms} forms"] if forms > in_flight else []
    return [*pages, *many, *map(str, crowd.without_words())]


@pytest.mark.ordeal(3, 100)
def test_nothing_acknowledged_is_lost_or_doubled(
    site: Machines, smtp: SmtpServer, size: int
) -> None:
    dice = random.Random(1)  # noqa: S311 - which machine
    with Crowd(site, people.goods(), people.accounts()) as crowd:
        some_answers(crowd)
        for death in range(size):
            copy = dice.choice(site.copies)
            copy.kill()
            some_answers(crowd)
            if death == size // 2:
                site.restart_database()
            copy.start()
            some_answers(crowd)
    assert {(one.path, one.status) for one in crowd.refused} == set()
    assert signed_out(site, crowd) == []
    eventually(lambda: not waiting_emails() and crowd.answered <= logged().keys())
    assert [ready(copy) for copy in site.copies] == [200] * MACHINES
    for copy in site.copies:
        copy.stop()
    print(summary(site, crowd, smtp))  # noqa: T201 - what was tried

    assert kept(crowd) == []
    assert emails(crowd, smtp, unsure=size + 1) == []
    assert lost_or_doubled("request", crowd.answered, logged()) == []
    assert len(sums()) == 1
    assert failed(crowd, in_flight=size * len(crowd.threads)) == []
    assert all((crowd.orders, crowd.consents, crowd.sessions))


def signed_out(site: Machines, crowd: Crowd) -> list[str]:
    """Return the sessions, acknowledged at a sign-in, that no machine knows."""
    return [
        session
        for session in crowd.sessions
        if Browser(site, STRANGER, {"session": session}).ask("GET", "/account/").status
        != 200
    ]


def summary(site: Machines, crowd: Crowd, smtp: SmtpServer) -> str:
    """Return what happened, in one line."""
    statuses = Counter(f"{one.method} {one.status}" for one in crowd.asked)
    begin, end = site.outages[0]
    back = end - HEAL_SECONDS
    late = [one.until - back for one in crowd.asked if one.failed and one.since < end]
    return (
        f"{len(crowd.asked)} requests: {dict(statuses)}; failed besides PostgreSQL: "
        f"{dict(crowd.failures())}; {len(crowd.orders)} orders, {len(crowd.consents)} "
        f"consents, {len(crowd.sessions)} sign-ins, {len(smtp.emails)} emails; PostgreSQL "
        f"away {back - begin:.1f} s, the last failure {max(late, default=0):.1f} s after"
    )

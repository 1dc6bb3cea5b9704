"""Brute-force attacks on a served site: its rate limits apply across all processes.

All attempts run concurrently over real connections, from loopback networks
(127.x.y.0/24), with forged forwarding headers.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from secrets import randbelow
from urllib.parse import urlencode

import pytest

from neupusti.accounts.service import addresses, limits
from neupusti.config.settings import Settings
from neupusti.core.security.throttle import RateLimit
from tests.accounts.cast import PASSWORD, account, hidden
from tests.lending import LendDatabases, opened
from tests.people import AIGERIM, BOLAT, DANA, GUEST, YERLAN
from tests.served import Served, served

TRIES, AT_ONCE = 24, 12
"""More than any of the limits and as many as are under way."""
pytestmark = pytest.mark.slow
WRONG = "неверный пароль тут"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
Fields = dict[str, str]


@dataclass
class Client:
    """One connection from a loopback address, with its session cookie."""

    site: Served
    connection: HTTPConnection
    cookie: str = ""

    def ask(self, method: str, path: str, fields: Fields | None = None) -> tuple[int, str]:
        """Send one request with forged forwarding headers; return status and page."""
        elsewhere = f"203.0.{randbelow(256)}.{randbelow(256)}"
        headers = {
            **dict.fromkeys(("X-Forwarded-For", "X-Real-IP"), elsewhere),
            "Forwarded": f"for={elsewhere}",
            "User-Agent": LINUX,
            "Cookie": self.cookie,
        }
        body = urlencode(fields) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        page = answer.read().decode()
        for given in answer.headers.get_all("Set-Cookie", []):
            if given.startswith("session="):
                self.cookie = given.partition(";")[0]
        assert answer.status != 429 or answer.getheader("Retry-After")
        return answer.status, page

    def send(self, path: str, fields: Fields) -> int:
        """Open a page and submit its form; return the status of the response."""
        _status, page = self.ask("GET", path)
        return self.ask("POST", path, {**hidden(page), **fields})[0]

    @property
    def worker(self) -> int:
        """The process id of the worker that serves this connection."""
        return self.site.worker_of(self.connection.sock.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A brute-force or flooding attack, and the rate limit against it."""

    rule: RateLimit
    path: str
    fields: Callable[[int], Fields]
    accepted_status: int
    """The status of an attempt that is not rate-limited."""
    network: Callable[[int], str]
    signed_in_as: str = ""
    """The e-mail of the account that signs in first, by password only."""
    correct: Fields | None = None
    """The correct values, which are refused too once the limit is reached."""
    emails_to: str = ""
    """Whom it floods: over the limit the answer is the same, and nothing is sent."""


def many_networks(number: int) -> Callable[[int], str]:
    """Return attempt -> address, each in a different network."""
    return lambda attempt: f"127.{number}.{attempt}.1"


def one_network(number: int) -> Callable[[int], str]:
    """Return attempt -> address, all in the same network."""
    return lambda attempt: f"127.{number}.0.{attempt + 1}"


REGISTRATION = {
    "family_name": "Пример",
    "given_name": "Пример",
    "password": PASSWORD,
    "consent": "y",
}
ATTACKS = {
    "the password of one account": Attack(
        rule=limits.SIGN_IN_ACCOUNT,
        path="/account/login",
        fields=lambda _: {"email": AIGERIM.email, "password": WRONG},
        accepted_status=422,
        network=many_networks(1),
        correct={"email": AIGERIM.email, "password": PASSWORD},
    ),
    "the passwords of many from one network": Attack(
        rule=limits.SIGN_IN_NETWORK,
        path="/account/login",
        fields=lambda attempt: {"email": f"nobody{attempt}@example.kz", "password": WRONG},
        accepted_status=422,
        network=one_network(2),
        correct={"email": BOLAT.email, "password": PASSWORD},
    ),
    "the code of the second step": Attack(
        rule=limits.CODE_LIMITS[0],
        path="/account/login",
        fields=lambda attempt: {"code": f"{attempt:06}"},
        accepted_status=422,
        network=many_networks(3),
        signed_in_as=DANA.email,
    ),
    "the old password, with a stolen session": Attack(
        rule=limits.PASSWORD_SESSION,
        path="/account/password",
        fields=lambda _: {"current": WRONG, "password": "белый парус над заливом"},
        accepted_status=422,
        network=many_networks(4),
        signed_in_as=BOLAT.email,
    ),
    "emails to one address": Attack(
        rule=limits.RESET_EMAIL,
        path="/account/password/reset",
        fields=lambda _: {"email": AIGERIM.email},
        accepted_status=303,
        network=many_networks(5),
        emails_to=AIGERIM.email,
    ),
    "registrations of one address": Attack(
        rule=limits.CONFIRM_EMAIL,
        path="/account/register",
        fields=lambda _: {**REGISTRATION, "email": GUEST.email},
        accepted_status=303,
        network=many_networks(6),
        emails_to=GUEST.email,
    ),
    "changes of the e-mail": Attack(
        rule=addresses.REQUESTS,
        path="/account/email",
        fields=lambda attempt: {"email": f"new{attempt}@example.kz", "current": PASSWORD},
        accepted_status=303,
        network=many_networks(9),
        signed_in_as=YERLAN.email,
    ),
}


@pytest.fixture(scope="module")
def processes(request: pytest.FixtureRequest) -> int:
    """The number of worker processes."""
    return int(request.param)


@pytest.fixture(scope="module")
def site(
    lend_databases: LendDatabases, processes: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The served site with accounts of the cast; Дана has a second factor."""
    with lend_databases(tmp_path_factory.mktemp("attacked")) as settings:
        yield from _attacked(settings, processes)


def _attacked(settings: Settings, processes: int) -> Iterator[Served]:
    with opened(settings):
        for who in (AIGERIM, BOLAT, DANA, YERLAN):
            account(who, with_second_factor=who is DANA)
    with served(settings, workers=processes) as running:
        yield running


@contextmanager
def connected(site: Served, address: str, cookie: str = "") -> Iterator[Client]:
    """Connect from a loopback address."""
    here = (address, 0)
    connection = HTTPConnection("127.0.0.1", site.port, timeout=60, source_address=here)
    with closing(connection):
        yield Client(site, connection, cookie)


def session_cookie(site: Served, attack: Attack) -> str:
    """Sign in if the attack needs it; return the session cookie."""
    if not attack.signed_in_as:
        return ""
    with connected(site, attack.network(TRIES)) as client:
        fields = {"email": attack.signed_in_as, "password": PASSWORD}
        assert client.send("/account/login", fields) == 303
        return client.cookie


@pytest.mark.parametrize(
    ("lend_databases", "processes"),
    [("sqlite", 1), ("sqlite", 2), ("postgresql", 2)],
    indirect=True,
)
@pytest.mark.parametrize("what", ATTACKS)
def test_the_limit_is_the_same_for_any_number_of_processes(
    site: Served, processes: int, what: str
) -> None:
    attack = ATTACKS[what]
    cookie = session_cookie(site, attack)

    def attack_once(attempt: int) -> tuple[int, int]:
        with connected(site, attack.network(attempt), cookie) as client:
            return client.send(attack.path, attack.fields(attempt)), client.worker

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(attack_once, range(TRIES)))
    times = attack.rule.times
    statuses = Counter(status for status, _ in answers)
    if attack.emails_to:
        assert statuses == {attack.accepted_status: TRIES}
        assert len(site.emails(attack.emails_to)) == times
    else:
        assert statuses == {attack.accepted_status: times, 429: TRIES - times}
    assert len({worker for _, worker in answers}) == processes
    if attack.correct:
        with connected(site, attack.network(TRIES)) as client:
            assert client.send(attack.path, attack.correct) == 429

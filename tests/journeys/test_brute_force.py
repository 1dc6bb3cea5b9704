"""Guessing at the door of the served site: its limits hold over all of its processes.

Everything is tried at once and over real connections, each from a network of the machine
itself (127.x.y.0/24), and each with headers that claim to come from somewhere else.
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
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.security.throttle import RateLimit
from tests.accounts.cast import PASSWORD, account, hidden
from tests.conftest import Stock
from tests.people import AIGERIM, BOLAT, DANA, YERLAN
from tests.served import Served, served

TRIES, AT_ONCE = 36, 12
WRONG = "неверный пароль тут"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
Fields = dict[str, str]


@dataclass
class Caller:
    """One connection from an address of this machine, and what it keeps of cookies."""

    site: Served
    link: HTTPConnection
    cookie: str = ""

    def ask(self, method: str, path: str, fields: Fields | None = None) -> tuple[int, str]:
        """Send one request that claims to come from elsewhere; return status and page."""
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
        self.link.request(method, path, body, headers)
        answer = self.link.getresponse()
        page = answer.read().decode()
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        assert answer.status != 429 or answer.getheader("Retry-After")
        return answer.status, page

    def send(self, path: str, fields: Fields) -> int:
        """Open a page, fill its form in and send it; return the status of the answer."""
        _status, page = self.ask("GET", path)
        return self.ask("POST", path, {**hidden(page), **fields})[0]

    @property
    def worker(self) -> int:
        """The process of the site that this connection has led to."""
        return self.site.worker_of(self.link.sock.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class Attack:
    """Something to be guessed or flooded, and the rule that stands in the way."""

    rule: RateLimit
    path: str
    fields: Callable[[int], Fields]
    through: int
    """The status of a try that was let through."""
    network: Callable[[int], str]
    enter: str = ""
    """Who signed in beforehand, by the password alone."""
    right: Fields | None = None
    """What would have been right; too late it is refused like anything else."""


def scattered(number: int) -> Callable[[int], str]:
    """Return how each try comes from a network of its own."""
    return lambda turn: f"127.{number}.{turn}.1"


def together(number: int) -> Callable[[int], str]:
    """Return how each try comes from another address of one network."""
    return lambda turn: f"127.{number}.0.{turn + 1}"


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
        through=422,
        network=scattered(1),
        right={"email": AIGERIM.email, "password": PASSWORD},
    ),
    "the passwords of many from one network": Attack(
        rule=limits.SIGN_IN_NETWORK,
        path="/account/login",
        fields=lambda turn: {"email": f"nobody{turn}@example.kz", "password": WRONG},
        through=422,
        network=together(2),
        right={"email": BOLAT.email, "password": PASSWORD},
    ),
    "the code of the second step": Attack(
        rule=limits.CODE_LIMITS[0],
        path="/account/login",
        fields=lambda turn: {"code": f"{turn:06}"},
        through=422,
        network=scattered(3),
        enter=DANA.email,
    ),
    "the old password, by whoever found a session": Attack(
        rule=limits.SIGN_IN_ACCOUNT,
        path="/account/password",
        fields=lambda _: {"current": WRONG, "password": "белый парус над заливом"},
        through=422,
        network=scattered(4),
        enter=BOLAT.email,
    ),
    "letters to one address": Attack(
        rule=limits.RESET_EMAIL,
        path="/account/password/reset",
        fields=lambda _: {"email": AIGERIM.email},
        through=303,
        network=scattered(5),
    ),
    "registrations of one address": Attack(
        rule=limits.CONFIRM_EMAIL,
        path="/account/register",
        fields=lambda _: {**REGISTRATION, "email": AIGERIM.email},
        through=303,
        network=scattered(6),
    ),
    "registrations from one network": Attack(
        rule=limits.EMAILS_NETWORK,
        path="/account/register",
        fields=lambda turn: {**REGISTRATION, "email": f"nobody{turn}@example.kz"},
        through=303,
        network=together(7),
    ),
    "letters to many from one network": Attack(
        rule=limits.EMAILS_NETWORK,
        path="/account/password/reset",
        fields=lambda turn: {"email": f"nobody{turn}@example.kz"},
        through=303,
        network=together(8),
    ),
    "changes of the e-mail": Attack(
        rule=addresses.REQUESTS,
        path="/account/email",
        fields=lambda turn: {"email": f"new{turn}@example.kz", "current": PASSWORD},
        through=303,
        network=scattered(9),
        enter=YERLAN.email,
    ),
}


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def processes(request: pytest.FixtureRequest) -> int:
    """How many processes serve the site."""
    return int(request.param)


@pytest.fixture(scope="module")
def site(
    stock: Stock, processes: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The site in its processes, with accounts of the cast; Дана has a second step."""
    with stock(tmp_path_factory.mktemp("attacked")) as settings:
        yield from _attacked(settings, processes)


def _attacked(settings: Settings, processes: int) -> Iterator[Served]:
    app = create_app(settings)
    with app.app_context():
        for who in (AIGERIM, BOLAT, DANA, YERLAN):
            account(who, with_second_factor=who is DANA)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    with served(settings, workers=processes) as running:
        yield running


@contextmanager
def calling(site: Served, address: str, cookie: str = "") -> Iterator[Caller]:
    """Connect from an address of this machine."""
    here = (address, 0)
    link = HTTPConnection("127.0.0.1", site.port, timeout=60, source_address=here)
    with closing(link):
        yield Caller(site, link, cookie)


def entered(site: Served, attack: Attack) -> str:
    """Sign in where the attack begins inside; return the cookie of the session."""
    if not attack.enter:
        return ""
    with calling(site, attack.network(TRIES)) as caller:
        said = {"email": attack.enter, "password": PASSWORD}
        assert caller.send("/account/login", said) == 303
        return caller.cookie


@pytest.mark.parametrize("what", ATTACKS)
def test_no_more_is_let_through_than_by_one_process(
    site: Served, processes: int, what: str
) -> None:
    attack = ATTACKS[what]
    cookie = entered(site, attack)

    def attempt(turn: int) -> tuple[int, int]:
        with calling(site, attack.network(turn), cookie) as caller:
            return caller.send(attack.path, attack.fields(turn)), caller.worker

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(attempt, range(TRIES)))
    times = attack.rule.times
    assert Counter(status for status, _ in answers) == {
        attack.through: times,
        429: TRIES - times,
    }
    assert len({worker for _, worker in answers}) == processes
    if attack.right:
        with calling(site, attack.network(TRIES)) as caller:
            assert caller.send(attack.path, attack.right) == 429

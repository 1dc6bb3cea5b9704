"""People who use a site of several machines, and note what they were answered.

Each has a network of their own, so that no limit of the site has to be raised, and presses
again what was not answered.
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from itertools import count, cycle, islice
from threading import Event, Thread
from time import monotonic
from typing import Self
from urllib.parse import urlencode

from tests.accounts import cast
from tests.accounts.cast import Account
from tests.deploy.machines import Machines, pause
from tests.orders import buying
from tests.people import GUEST, Person

FORM = "application/x-www-form-urlencoded"
ORDER = re.compile(r"/orders/([^/?]+)")
PAGES = ("/policy/", "/kk/policy/", "/policy/retention/", "/", "/en/catalog/", "/kk/cart/")
KINDS = ("read", "read", "buy", "buy", "sign_in", "choose")
"""What the people of a crowd do, one each."""
GOODS, ACCOUNTS = 40, 8
"""Enough that no product is ordered 60 times a minute, and nobody signs in ten times in
five."""
TIMEOUT_SECONDS = 90
CUT_OFF = "IncompleteRead"
NUMBERS = count(1)
"""Of all browsers of a run: a network, an e-mail and a phone belong to one of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as its sender saw it; status 0: the connection broke."""

    since: float
    until: float
    method: str
    path: str
    status: int = 0
    page: str = ""
    location: str = ""
    request_id: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was not carried out, as far as its sender knows."""
        return self.status == 0 or self.status >= 500

    @property
    def in_words(self) -> bool:
        """Whether its sender was told so by a page that says when to try again."""
        return self.status in {502, 503, 504} and "<h1>" in self.page


@dataclass
class Browser:
    """A browser in a network of its own; its cookies."""

    machines: Machines
    number: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **fields: str) -> Asked:
        """Make one request on a new connection."""
        source = (f"127.{self.number >> 8 & 255}.{self.number & 255}.1", 0)
        link = HTTPSConnection(
            "127.0.0.1",
            self.machines.proxy.port,
            timeout=TIMEOUT_SECONDS,
            context=self.machines.proxy.tls,
            source_address=source,
        )
        headers = {"Cookie": "; ".join(f"{a}={b}" for a, b in self.cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": FORM, **buying.SAME_ORIGIN}
        since = monotonic()
        with closing(link):
            try:
                link.request(method, path, urlencode(fields) or None, headers)
                answer = link.getresponse()
                page = answer.read().decode()
            except (OSError, HTTPException) as error:
                return Asked(since, monotonic(), method, path, page=repr(error))
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Asked(
            since, monotonic(), method, path, answer.status, page,
            answer.headers.get("Location", ""), answer.headers.get("X-Request-Id", ""),
        )  # fmt: skip


@dataclass
class Crowd:
    """People of every kind, each a thread, until the block ends."""

    machines: Machines
    goods: list[int]
    accounts: list[Account]
    kinds: tuple[str, ...] = KINDS
    size: int = len(KINDS)
    asked: list[Asked] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)
    """E-mail of the buyer -> number of the order, as acknowledged."""
    consents: list[str] = field(default_factory=list)
    """Public ids of the records of those who agreed."""
    sessions: list[str] = field(default_factory=list)
    """Session cookies of those who signed in."""
    refused: list[Asked] = field(default_factory=list)
    """What nobody may be answered here."""
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        kinds = [getattr(self, kind) for kind in self.kinds]
        self.threads = [
            Thread(target=self._again_and_again, args=(kind, random.Random(seed)))  # noqa: S311 - dice
            for seed, kind in enumerate(islice(cycle(kinds), self.size))
        ]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def read(self, browser: Browser, dice: random.Random) -> None:
        """Read one page, as everybody may."""
        self._expect(browser, 200, "GET", dice.choice(PAGES))

    def buy(self, browser: Browser, dice: random.Random) -> None:
        """Put two products into the basket and order them."""
        for product in dice.sample(self.goods, 2):
            put = {"product": str(product), "quantity": "1"}
            self._expect(browser, 303, "POST", "/en/cart/", **put)
        form = self._expect(browser, 200, "GET", "/en/orders/find")
        who = {
            "email": f"buyer{browser.number}@example.kz",
            "phone": f"+7701{browser.number:07}",
        }
        answers = {
            **(buying.hidden(form.page) if form else {}),
            **buying.details(GUEST, **who),
            **buying.ADDRESS,
            "delivery": "courier",
            "payment": "cash",
            "consent": "y",
        }
        placed = self._expect(browser, 303, "POST", "/en/checkout/", **answers)
        if placed and (found := ORDER.search(placed.location)):
            self.orders[who["email"]] = found[1]

    def sign_in(self, browser: Browser, dice: random.Random) -> None:
        """Sign in, and look at the account on whichever machine."""
        who = dice.choice(self.accounts)
        form = self._expect(browser, 200, "GET", "/account/login")
        answers = {
            **(cast.hidden(form.page) if form else {}),
            "email": who.email,
            "password": who.password,
        }
        if self._expect(browser, 303, "POST", "/account/login", **answers):
            self.sessions.append(browser.cookies["session"])
        self._expect(browser, 200, "GET", "/account/")

    def choose(self, browser: Browser, _dice: random.Random) -> None:
        """Agree to every category of cookies."""
        if self._expect(browser, 303, "POST", "/en/cookies/", choice="accept"):
            self.consents.append(browser.cookies["consent"].split(".")[3])

    def _expect(
        self, browser: Browser, status: int, method: str, path: str, **fields: str
    ) -> Asked | None:
        """Ask, and again as long as no answer comes; None where the end came before."""
        while not self.ended.is_set():
            asked = browser.ask(method, path, **fields)
            self.asked.append(asked)
            if not asked.failed:
                if asked.status != status:
                    self.refused.append(asked)
                return asked
            pause()
        return None

    def _again_and_again(
        self, kind: Callable[[Browser, random.Random], None], dice: random.Random
    ) -> None:
        while not self.ended.is_set():
            kind(Browser(self.machines, next(NUMBERS)), dice)

    @property
    def answered(self) -> set[str]:
        """The ids of the requests that a machine answered in full."""
        return {asked.request_id for asked in self.asked if asked.request_id}

    def failures(self) -> Counter[str]:
        """Count what failed while PostgreSQL was there, by method and status."""
        away = self.machines.was_away
        failed = [
            one for one in self.asked if one.failed and not away(one.since, one.until)
        ]
        return Counter(f"{one.method} {one.status}" for one in failed)

    def without_words(self) -> list[Asked]:
        """Return what failed without a page that says so.

        But for the answer to a form that was cut off as its machine died: the proxy had
        begun to pass it on. A page may not be.
        """
        failed = (one for one in self.asked if one.failed and not one.in_words)
        return [one for one in failed if one.method == "GET" or CUT_OFF not in one.page]


def goods() -> list[int]:
    """Put enough products on sale."""
    return [buying.product(pieces=100_000) for _ in range(GOODS)]


def accounts() -> list[Account]:
    """Make some confirmed accounts."""
    return [
        cast.account(Person(GUEST.name, f"person{n}@example.kz", f"+7702{n:07}"))
        for n in range(ACCOUNTS)
    ]

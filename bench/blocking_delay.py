"""How soon a block works in every process of a served site.

A member of staff looks at a person's page on one connection to each process, over and
over; meanwhile the person blocks their data on a third.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from statistics import median
from threading import Barrier, Event
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench.pages import Figure
from neupusti.config.settings import Settings
from neupusti.core import background
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import DataBlock, Result
from neupusti.core.data.database import db, writing
from neupusti.core.rules import Permission
from tests import desk
from tests.lending import opened, seeded
from tests.people import BOLAT, DANA
from tests.served import Served, served
from tests.site.test_server import eventually

ROUNDS, MOST_SECONDS, TRIES = 20, 1.0, 1000
PATIENCE = 30.0
SHOWN, REFUSED, DONE = 200, 403, 303
FORM = "application/x-www-form-urlencoded"


@dataclass
class Browser:
    """One connection of somebody who is signed in."""

    port: int
    cookie: str
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        """Connect: to which process, the kernel decides."""
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.connection.connect()

    def ask(self, method: str, path: str, form: dict[str, object] | None = None) -> int:
        """Send a request; return the status of the answer."""
        headers = {"Cookie": f"session={self.cookie}", "Content-Type": FORM}
        headers |= {"Origin": f"http://127.0.0.1:{self.port}"} if form else {}
        self.connection.request(method, path, urlencode(form or {}), headers)
        with self.connection.getresponse() as answer:
            answer.read()
            return answer.status


@dataclass(frozen=True)
class Look:
    """A look at the page of the person: when it was sent and answered, and how."""

    sent: float
    seen: float
    status: int


def delays(settings: Settings) -> Iterator[Figure]:
    """Yield how long the slowest process was behind, and what it showed too late."""
    seeded(settings)
    behind, after = [], 0
    with opened(settings) as app, served(settings) as site:
        name = db.engine.dialect.name
        # The jobs of a new site take the processor for its first seconds.
        eventually(background.have_run)
        person = desk.person(BOLAT)
        press = _cookie(app, person)
        watchers = _one_of_each(site, _cookie(app, desk.member(DANA, Permission.PRIVACY)))
        for _round in range(ROUNDS):
            send = partial(_press, Browser(site.port, press), desk.form(app, reason=""))
            seconds, shown = _watched(watchers, f"/en/admin/people/{person}", send)
            behind.append(seconds)
            after += shown
            _lift(person)
    what = f"{name}: a block in both processes, from the POST"
    yield Figure(f"{what}, median", median(behind), "s", most=MOST_SECONDS)
    yield Figure(f"{what}, slowest", max(behind), "s", most=MOST_SECONDS)
    yield Figure(f"{name}: pages shown after the answer", after, "", most=0)


def _one_of_each(site: Served, cookie: str) -> list[Browser]:
    """Return a connection to each process."""
    found: dict[int, Browser] = {}
    for _try in range(TRIES):
        browser = Browser(site.port, cookie)
        _ensure(browser.ask("GET", "/healthz") == SHOWN, "the site is away")
        port = browser.connection.sock.getsockname()[1]
        found.setdefault(site.worker_of(port), browser)
        if len(found) == len(site.workers):
            return [*found.values()]
    raise RuntimeError("a process takes no connection")


def _press(browser: Browser, form: dict[str, object]) -> None:
    _ensure(browser.ask("POST", "/en/account/data/block", form) == DONE, "not blocked")


def _watched(
    watchers: list[Browser], page: str, send: Callable[[], None]
) -> tuple[float, int]:
    """Block while `watchers` look; return the delay, and how many saw it afterwards."""
    ready, over = Barrier(len(watchers) + 1), Event()

    def watch(browser: Browser) -> list[Look]:
        looks = [_look(browser, page)]
        ready.wait(PATIENCE)
        while not (over.is_set() and looks[-1].status == REFUSED):
            looks.append(_look(browser, page))
        return looks

    with ThreadPoolExecutor(len(watchers)) as pool:
        looking = [pool.submit(watch, one) for one in watchers]
        ready.wait(PATIENCE)
        sent = time.monotonic()
        send()
        answered = time.monotonic()
        over.set()
        seen = [future.result() for future in looking]
    _ensure(all(looks[0].status == SHOWN for looks in seen), "blocked before")
    first = [next(one.seen for one in looks if one.status == REFUSED) for looks in seen]
    late = [one for looks in seen for one in looks if one.sent > answered]
    return max(first) - sent, sum(one.status != REFUSED for one in late)


def _look(browser: Browser, page: str) -> Look:
    sent = time.monotonic()
    status = browser.ask("GET", page)
    return Look(sent, time.monotonic(), status)


def _cookie(app: Flask, number: int) -> str:
    cookie = desk.signed_in(app, number).get_cookie("session")
    return cookie.value if cookie else ""


def _lift(person: int) -> None:
    with writing() as session:
        found = session.scalars(select(DataBlock).filter_by(person=person, lifted_at=None))
        blocks.lift(session, found.one(), outcome=Result.UNFOUNDED)


def _ensure(condition: bool, fault: str) -> None:  # noqa: FBT001 - it is what is ensured
    if not condition:
        raise RuntimeError(fault)

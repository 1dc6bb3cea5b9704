"""The buyers of `bench.shop`: each sends the whole order form to the served site.

The site believes one proxy, so that every buyer comes from a network of its own; e-mails
and phones differ too, and goods are changed before 60 orders a minute. So no limit of the
site has to be raised.
"""

import random
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Barrier, Event
from urllib.parse import urlencode

from flask import Flask

from neupusti.core.data.database import db
from neupusti.orders.service import basket
from tests.orders import buying
from tests.people import GUEST

NUMBERS = count(1)
TIMEOUT_SECONDS = 120
ORDER = re.compile(r"/orders/([^/?]+)")
GONE = "is no longer available"
HTTP_FOUND, HTTP_REFUSED = 303, 422
PLENTY = 100_000
GOODS = 150
"""Products that a crowd chooses from: none is ordered 60 times a minute."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sending of the form got."""

    status: int
    number: str
    """Of the order; empty without a redirect to one."""
    in_words: bool
    """Whether the page says that the goods are gone."""


@dataclass(frozen=True, slots=True)
class Door:
    """A served site, with a session whose token serves every buyer."""

    port: int
    session: str
    token: str

    @classmethod
    def opened(cls, port: int) -> "Door":
        """Open a page with a form, as the first buyer does."""
        link = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        link.request("GET", "/en/orders/find")
        answer = link.getresponse()
        page = answer.read().decode()
        cookies = [text.split(";")[0] for text in answer.headers.get_all("Set-Cookie", [])]
        link.close()
        return cls(port, "; ".join(cookies), buying.hidden(page)["csrf_token"])

    def connected(self) -> HTTPConnection:
        """Return an open connection."""
        link = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        link.connect()
        return link


class Buyer:
    """Somebody with a full basket, a network, an e-mail and a phone of their own."""

    def __init__(self, door: Door, *products: int) -> None:
        self.door, self.number = door, next(NUMBERS)
        full = basket.empty()
        for product in products:
            full = basket.put(full, product, 1)
        db.session.rollback()
        self.cookie = basket.write(full)
        self.email = f"buyer{self.number}@example.kz"

    def send(self, link: HTTPConnection) -> Answer:
        """Send the order form; raise OSError or HTTPException where no answer comes."""
        who = {"email": self.email, "phone": f"+7701{self.number:07}"}
        form = {
            **buying.details(GUEST, **who),
            **buying.ADDRESS,
            "delivery": "courier",
            "payment": "cash",
            "consent": "y",
            "csrf_token": self.door.token,
        }
        headers = {
            **buying.SAME_ORIGIN,
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{self.door.session}; basket={self.cookie}",
            "X-Forwarded-For": f"10.{self.number >> 8}.{self.number & 255}.1",
        }
        link.request("POST", "/en/checkout/", urlencode(form), headers)
        answer = link.getresponse()
        page = answer.read().decode()
        found = ORDER.search(answer.headers.get("Location", ""))
        number = found[1] if found and answer.status == HTTP_FOUND else ""
        return Answer(answer.status, number, GONE in page)


def at_once(buyers: Sequence[Buyer]) -> list[Answer]:
    """Let all buyers, connected already, send at the same moment."""
    barrier = Barrier(len(buyers))

    def buy(buyer: Buyer) -> Answer:
        link = buyer.door.connected()
        barrier.wait()
        try:
            return buyer.send(link)
        finally:
            link.close()

    return in_threads(len(buyers), buy, buyers)


def in_threads(
    threads: int, buy: Callable[[Buyer], Answer], buyers: Sequence[Buyer]
) -> list[Answer]:
    """Let so many buyers at a time do it; return all answers."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(buy, buyers))


class Crowd:
    """Buyers that order one after another, and send again what was not answered."""

    def __init__(self, app: Flask, door: Door) -> None:
        self.app, self.door = app, door
        self.products = [buying.product(pieces=PLENTY) for _ in range(GOODS)]
        self.acknowledged: list[tuple[str, str]] = []
        """Number of the order, and e-mail of its buyer."""
        self.refused: list[Answer] = []
        self.again = 0
        self.stop = Event()

    def buy(self, seed: int) -> None:
        """Order until it is stopped."""
        dice = random.Random(seed)
        while not self.stop.is_set():
            with self.app.app_context():
                buyer = Buyer(self.door, *dice.sample(self.products, 2))
            while (answer := self.answer(buyer)) is None:
                self.again += 1
                time.sleep(0.05)
            if answer.number:
                self.acknowledged.append((answer.number, buyer.email))
            else:
                self.refused.append(answer)

    def answer(self, buyer: Buyer) -> Answer | None:
        """Return the answer; None if the worker was killed before."""
        try:
            with closing(self.door.connected()) as link:
                return buyer.send(link)
        except (OSError, HTTPException):
            return None

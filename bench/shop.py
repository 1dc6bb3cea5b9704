"""Measure the shop under races and kills, and its speed, against their targets.

Buyers send orders to two processes of the real server, on SQLite and on a PostgreSQL whose
commits reach the disk. What they were told is compared with the database. Speed is a ratio
taken in one run; the two sides alternate.

usage: python -m bench.shop [--runs N] [--kills N]
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from statistics import median
from threading import Thread

from flask import Flask
from sqlalchemy import func, select

from bench.pages import Figure, outcome
from bench.search import site
from bench.shop_buyers import (
    HTTP_REFUSED,
    PLENTY,
    Answer,
    Buyer,
    Crowd,
    Door,
    at_once,
    in_threads,
)
from bench.shop_lists import lists
from bench.shop_placing import placed
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.queries import proofs
from neupusti.site.service import machine
from tests.orders import buying
from tests.served import Served, served

PIECES, CROWD = 20, 200
BASKETS, PRESSES = 40, 4
CLIENTS, MOST_ANSWERS = 8, 30
"""Buyers at a time while workers are killed; at most so many orders between two kills."""
ROUNDS, BUYERS, TOGETHER = 5, 48, 16
PATIENCE = 12_000
"""Hundredths of a second to wait for an order."""


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    options = argparse.ArgumentParser(description="Measure the shop.")
    options.add_argument("--runs", type=int, default=3, help="races on each database")
    options.add_argument("--kills", type=int, default=30, help="on each database")
    asked = options.parse_args()
    return outcome(figures(asked.runs, asked.kills))


def figures(runs: int, kills: int) -> Iterator[Figure]:
    """Yield every figure."""
    for name in ("SQLite", "PostgreSQL"):
        is_postgresql = name == "PostgreSQL"
        with site(postgresql=is_postgresql, durable=True, proxies=1) as app:
            machine.seed(registry())
            with served(app.extensions["neupusti.settings"]) as running:
                door = Door.opened(running.port)
                yield from races(name, door, runs)
                yield from together(name, door)
                yield from killed(name, app, running, door, kills)
            yield placed(name)
    yield from lists()


def races(name: str, door: Door, runs: int) -> Iterator[Figure]:
    """Race for the last pieces, and press one button several times at once."""
    wrong = Counter[str]()
    for run in range(runs):
        product = buying.product(pieces=PIECES)
        before = stored()
        answers = at_once([Buyer(door, product) for _ in range(CROWD)])
        numbers = {one.number for one in answers if one.number}
        told = sum(one.status == HTTP_REFUSED and one.in_words for one in answers)
        found = len(numbers), told, stored() - before, buying.left(product)
        wrong["pieces"] += found != (PIECES, CROWD - PIECES, PIECES, 0)
        buyers = [Buyer(door, buying.product(pieces=PLENTY)) for _ in range(BASKETS)]
        pressed = at_once([buyer for buyer in buyers for _ in range(PRESSES)])
        orders = {one.number for one in pressed if one.number}
        made = stored() - before - PIECES
        all_told = all(one.number for one in pressed)
        wrong["presses"] += not (all_told and len(orders) == made == BASKETS)
        print(f"{name}, race {run + 1}: {len(numbers)} orders of {PIECES} pieces, "
              f"{told} told in words; {made} orders of {BASKETS} baskets; "
              f"{statuses(answers)}; {statuses(pressed)}")  # fmt: skip
    what = f"{name}, races with other than"
    yield Figure(f"{what} {PIECES} orders", wrong["pieces"], "", most=0)
    yield Figure(f"{what} {BASKETS} orders of baskets", wrong["presses"], "", most=0)


def statuses(answers: list[Answer]) -> str:
    """Return how often each status came."""
    found = sorted(Counter(one.status for one in answers).items())
    return ", ".join(f"{status}: {times}" for status, times in found)


def stored() -> int:
    """Return how many orders the database has."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ShopOrder)) or 0


def together(name: str, door: Door) -> Iterator[Figure]:
    """Compare buyers of one product at once with buyers one after another."""
    ratios = []
    for _ in range(ROUNDS):
        alone, crowd = (timed(door, threads) for threads in (1, TOGETHER))
        ratios.append(alone / crowd)
        print(f"{name}, orders/s: {BUYERS / alone:.0f} one after another, "
              f"{BUYERS / crowd:.0f} by {TOGETHER} at once")  # fmt: skip
    what = f"{name}, {TOGETHER} buyers at once over one after another"
    yield Figure(what, median(ratios), "", least=0.6)


def timed(door: Door, threads: int) -> float:
    """Return the seconds that buyers of a new product take, so many at a time."""
    product = buying.product(pieces=PLENTY)
    buyers = [Buyer(door, product) for _ in range(BUYERS)]

    def buy(buyer: Buyer) -> Answer:
        with closing(door.connected()) as link:
            return buyer.send(link)

    begun = time.perf_counter()
    answers = in_threads(threads, buy, buyers)
    taken = time.perf_counter() - begun
    if not all(one.number for one in answers):
        raise RuntimeError(f"orders were refused: {statuses(answers)}")
    return taken


def killed(
    name: str, app: Flask, running: Served, door: Door, kills: int
) -> Iterator[Figure]:
    """Kill workers while buyers order; compare after each kill."""
    dice, lost, broken = random.Random(1), set[str](), 0
    crowd = Crowd(app, door)
    threads = [Thread(target=crowd.buy, args=(seed,)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            wait_for(crowd, dice.randint(1, MOST_ANSWERS))
            while not (workers := running.workers):
                time.sleep(0.05)
            os.kill(dice.choice(workers), signal.SIGKILL)
            broken += not holds()
            lost |= missing(crowd)
    finally:
        crowd.stop.set()
        for thread in threads:
            thread.join()
    print(running.flask("shop", "verify").strip())
    lost |= missing(crowd)
    emails = Counter(db.session.scalars(select(ShopOrder.email)))
    told = Counter(email for _, email in crowd.acknowledged)
    doubled = sum(emails[email] > 1 for email in told)
    print(f"{name}: {kills} kills, {len(told)} orders acknowledged, {crowd.again} sendings"
          f" without an answer, refused: {statuses(crowd.refused) or 'none'}")  # fmt: skip
    yield Figure(f"{name}, acknowledged orders lost", len(lost), "", most=0)
    yield Figure(f"{name}, acknowledged orders doubled", doubled, "", most=0)
    yield Figure(f"{name}, kills after which sums differ", broken, "", most=0)
    yield Figure(f"{name}, orders refused", len(crowd.refused), "", most=0)


def wait_for(crowd: Crowd, number: int) -> None:
    """Wait until so many more orders are acknowledged."""
    wanted = len(crowd.acknowledged) + number
    for _ in range(PATIENCE):
        if len(crowd.acknowledged) >= wanted:
            return
        time.sleep(0.01)
    raise TimeoutError("no order is acknowledged any more")


def holds() -> bool:
    """Return whether all that `flask shop verify` checks holds."""
    db.session.rollback()
    lines = list(proofs.broken(db.session()))
    db.session.rollback()
    for line in lines:
        print(line)
    return not lines


def missing(crowd: Crowd) -> set[str]:
    """Return the acknowledged orders that the database lacks."""
    told = {number for number, _ in list(crowd.acknowledged)}
    db.session.rollback()
    return told - set(db.session.scalars(select(ShopOrder.number)))


if __name__ == "__main__":
    sys.exit(main())

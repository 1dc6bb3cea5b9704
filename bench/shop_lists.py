"""The lists of goods in `bench.shop`: warm over a bare view, and many goods over few."""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from flask import Flask
from sqlalchemy import select, text

from bench.load import BROWSER, rate
from bench.pages import PAGE, Figure, fetched, free_port, started
from bench.search import generate, site
from neupusti.catalog.models import Category
from neupusti.catalog.service import counts
from neupusti.core.data.database import writing
from neupusti.core.registry import registry
from neupusti.site.service import machine
from tests.served import served

WARM_ROUNDS, SECONDS = 5, 2
FEW, MANY = 1_000, 100_000
LIST = "/catalog/"
SORTS = ("new", "cheaper", "dearer", "name", "discount")
PRICES = "&from=2000&to=90000"
FILTERS = ("", PRICES, f"{PRICES}&stock=y")
PAGES = 20
"""Pages of each kind of list."""
HTTP_OK = 200


def lists() -> Iterator[Figure]:
    """Measure lists: warm over a bare view on SQLite, and many goods over few on both."""
    for is_postgresql in (False, True):
        with site(postgresql=is_postgresql) as few:
            stock(FEW)
            if not is_postgresql:
                with served(few.extensions["neupusti.settings"]) as running:
                    yield warm(running.port)
            with site(postgresql=is_postgresql) as many:
                stock(MANY)
                yield larger(few, many, is_postgresql=is_postgresql)


def stock(number: int) -> None:
    """Store so many goods, and count them."""
    machine.seed(registry())
    generate(number)
    with writing() as session:
        counts.recount(session, *session.scalars(select(Category.id)))
        session.execute(text("ANALYZE"))


def warm(port: int) -> Figure:
    """Compare a list that every worker holds ready with a bare view of the same bytes."""
    rate(port, LIST, SECONDS)
    body, coding = fetched(port, LIST, BROWSER)
    ratios, other = [], free_port()
    with tempfile.NamedTemporaryFile() as kept:
        Path(kept.name).write_bytes(body)
        command = [sys.executable, "-m", "bench.bare", str(other), kept.name, coding]
        with started(command, dict(os.environ), other):
            if fetched(other, PAGE, BROWSER) != (body, coding):
                raise RuntimeError("the two servers do not send the same bytes")
            for _ in range(WARM_ROUNDS):
                bare, ours = rate(other, PAGE, SECONDS), rate(port, LIST, SECONDS)
                ratios.append(ours / bare)
                print(f"list {ours:.0f}, bare {bare:.0f} requests/s")
    return Figure("list, warm, over bare view, requests/s", median(ratios), "", least=0.5)


def larger(few: Flask, many: Flask, *, is_postgresql: bool) -> Figure:
    """Compare the time of lists over many goods with that over few.

    That of the processor on SQLite; PostgreSQL works in processes of its own.
    """
    now = time.perf_counter if is_postgresql else time.thread_time
    name = "PostgreSQL" if is_postgresql else "SQLite"
    kinds = [(sort, filters) for sort in SORTS for filters in FILTERS]
    asked = [(kind, page) for kind in kinds for page in range(1, PAGES + 1)]
    random.Random(1).shuffle(asked)
    browsers = [app.test_client() for app in (few, many)]
    times: dict[tuple[str, str], list[list[float]]] = {kind: [[], []] for kind in kinds}
    for kind, page in asked:
        path = f"{LIST}?sort={kind[0]}{kind[1]}&page={page}"
        for browser, taken in zip(browsers, times[kind], strict=True):
            begun = now()
            answer = browser.get(path)
            taken.append((now() - begun) * 1000)
            if answer.status_code != HTTP_OK:
                raise RuntimeError(f"{path} returned {answer.status_code}")
    for kind, (short, long) in times.items():
        print(f"{name}, list {''.join(kind):<36} medians: {median(short):.1f} ms of "
              f"{FEW:,} goods, {median(long):.1f} ms of {MANY:,}")  # fmt: skip
    ends = [quantiles([x for both in times.values() for x in both[side]], n=20)[-1]
            for side in range(2)]  # fmt: skip
    print(f"{name}, list, p95 of {len(asked)}: {ends[0]:.1f} ms of {FEW:,} goods, "
          f"{ends[1]:.1f} ms of {MANY:,}")  # fmt: skip
    what = f"{name}, list, p95 of {MANY:,} over {FEW:,} goods"
    return Figure(what, ends[1] / ends[0], "", most=1.5)

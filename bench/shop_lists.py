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
PAGES, PAGES_FILTERED = 40, 10
HTTP_OK = 200


def lists() -> Iterator[Figure]:
    """Measure lists on SQLite: warm over a bare view, and many goods over few."""
    with site(postgresql=False) as few:
        stock(FEW)
        with served(few.extensions["neupusti.settings"]) as running:
            yield warm(running.port)
        with site(postgresql=False) as many:
            stock(MANY)
            yield larger(few, many)


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


def larger(few: Flask, many: Flask) -> Figure:
    """Compare the processor time of lists over many goods with that over few."""
    paths = [f"{LIST}?sort={sort}&page={page}"
             for sort in SORTS for page in range(1, PAGES)]  # fmt: skip
    paths += [f"{LIST}?sort={sort}&from=2000&to=90000&page={page}"
              for sort in SORTS for page in range(1, PAGES_FILTERED)]  # fmt: skip
    random.Random(1).shuffle(paths)
    browsers = [app.test_client() for app in (few, many)]
    times: list[list[float]] = [[], []]
    for path in paths:
        for browser, taken in zip(browsers, times, strict=True):
            begun = time.thread_time()
            answer = browser.get(path)
            taken.append(time.thread_time() - begun)
            if answer.status_code != HTTP_OK:
                raise RuntimeError(f"{path} returned {answer.status_code}")
    ends = [quantiles(taken, n=20)[-1] * 1000 for taken in times]
    print(f"list, p95 of {len(paths)}: {ends[0]:.1f} ms of {FEW:,} goods, "
          f"{ends[1]:.1f} ms of {MANY:,}")  # fmt: skip
    what = f"list, p95 of {MANY:,} over {FEW:,} goods"
    return Figure(what, ends[1] / ends[0], "", most=1.5)

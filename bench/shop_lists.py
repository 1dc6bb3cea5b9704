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
PAGES = 20
"""Pages of each kind of list: as many with a filter as without."""
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
    kinds = [(sort, prices) for sort in SORTS for prices in ("", PRICES)]
    asked = [(kind, page) for kind in kinds for page in range(1, PAGES + 1)]
    random.Random(1).shuffle(asked)
    browsers = [app.test_client() for app in (few, many)]
    times: dict[tuple[str, str], list[list[float]]] = {kind: [[], []] for kind in kinds}
    for kind, page in asked:
        path = f"{LIST}?sort={kind[0]}{kind[1]}&page={page}"
        for browser, taken in zip(browsers, times[kind], strict=True):
            begun = time.thread_time()
            answer = browser.get(path)
            taken.append((time.thread_time() - begun) * 1000)
            if answer.status_code != HTTP_OK:
                raise RuntimeError(f"{path} returned {answer.status_code}")
    for kind, (short, long) in times.items():
        print(f"list {''.join(kind):<30} medians: {median(short):.1f} ms of {FEW:,} goods, "
              f"{median(long):.1f} ms of {MANY:,}")  # fmt: skip
    ends = [quantiles([x for both in times.values() for x in both[side]], n=20)[-1]
            for side in range(2)]  # fmt: skip
    print(f"list, p95 of {len(asked)}: {ends[0]:.1f} ms of {FEW:,} goods, "
          f"{ends[1]:.1f} ms of {MANY:,}")  # fmt: skip
    what = f"list, p95 of {MANY:,} over {FEW:,} goods"
    return Figure(what, ends[1] / ends[0], "", most=1.5)

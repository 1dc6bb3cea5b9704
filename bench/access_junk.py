"""Measure the cost of enriching one request when all requests are junk."""

import time
from collections.abc import Iterator
from statistics import quantiles

from bench.pages import Figure
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.recording.line import Entry, clean
from neupusti.core import clock
from tests.access.junk import requests

REQUESTS = 20_000
MILLI = 1e3


def junk() -> Iterator[Figure]:
    """Enrich requests one by one, each with a different user agent."""
    enrichment = Enrichment(Countries(), Referrers())
    now = int(clock.now().timestamp() * 1000)
    entries = [
        Entry(
            at=now,
            ip=f"203.0.{number % 256}.{number // 256}",
            method="GET",
            path=clean(environ["PATH_INFO"]),
            status=200,
            bytes=1,
            referrer=clean(environ["HTTP_REFERER"]),
            user_agent=clean(environ["HTTP_USER_AGENT"])[:390] + str(number),
        )
        for number, environ in enumerate(requests(REQUESTS))
    ]
    enrichment.batch(entries[:1])  # the first call loads the tables
    taken = []
    for entry in entries:
        began = time.perf_counter()
        enrichment.batch([entry])
        taken.append((time.perf_counter() - began) * MILLI)
    slowest = quantiles(taken, n=100)[-1]
    yield Figure("enrichment of a request of junk, p99", slowest, "ms", most=5)

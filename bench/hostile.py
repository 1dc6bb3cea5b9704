"""Measure expensive requests: the worst of each public route, and memory growth.

A request may cost what its bytes cost, and no more. Time is the processor's, of this
thread; the slowest requests of each route are sent again and their quickest time counts,
for other work on the machine only ever makes one slower.

usage: python -m bench.hostile [--requests N] [--more N]
"""

import argparse
import gc
import logging
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import flask_migrate
from flask import Flask

from bench.pages import Figure
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.site.service import machine as site
from tests.hostile import Generator, Request, Target, send

SLOWEST, AGAIN = 10, 3
"""How many requests of a route are repeated, and how often."""
PAGE, MIB = 4096, 1024 * 1024


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    options = argparse.ArgumentParser(description="Measure requests made to cost.")
    options.add_argument("--requests", type=int, default=10_000, help="timed, in all")
    options.add_argument("--more", type=int, default=100_000, help="for memory, in all")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(secret_key="0" * 32, instance=Path(folder)))
        # Each failed request logs a line, which would hide the figures.
        logging.getLogger("neupusti").setLevel(logging.CRITICAL)
        with app.app_context():
            flask_migrate.upgrade()
            list(site.seed(registry()))
        maker = Generator(app)
        figures = []
        for target in maker.targets:
            figures.append(
                slowest(app, maker, target, asked.requests // len(maker.targets))
            )
            print(figures[-1], flush=True)
        figures.append(grown(app, maker, asked.more))
        print(figures[-1])
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
    return 0 if all(figure.met for figure in figures) else 1


def slowest(app: Flask, maker: Generator, target: Target, number: int) -> Figure:
    """Return the ratio of the slowest to the median request of one route."""
    taken = [(timed(app, one), place, one) for place, one in
             enumerate(maker.requests(target, number))]  # fmt: skip
    usual = median(seconds for seconds, *_ in taken)
    worst = max(
        min(seconds, *(timed(app, one, turn) for turn in range(1, AGAIN)))
        for seconds, _, one in sorted(taken, reverse=True)[:SLOWEST]
    )
    return Figure(f"{target}, worst over median", worst / usual, "", most=20)


def timed(app: Flask, request: Request, turn: int = 0) -> float:
    """Return the processor seconds of one request."""
    begun = time.thread_time()
    send(app, request, turn)
    return time.thread_time() - begun


def grown(app: Flask, maker: Generator, number: int) -> Figure:
    """Return the MiB of memory growth after `number` requests to all routes."""
    gc.collect()
    before = resident()
    for place in range(number):
        send(app, maker.request(maker.targets[place % len(maker.targets)]))
    gc.collect()
    return Figure(f"memory after {number} more", resident() - before, "MiB", most=50)


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / MIB


if __name__ == "__main__":
    sys.exit(main())

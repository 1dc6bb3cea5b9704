"""What people meet while PostgreSQL falls silent below the site, in each of four ways.

    python -m bench.silence [SECONDS]

Twelve people a second choose cookies, and twelve read, at a served site of two workers;
each fault lasts SECONDS. Exits with 1 when a target is missed.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.pages import Figure, outcome
from neupusti.config.settings import Settings
from tests.deploy.silence import (
    CATALOGUE,
    CHOICE,
    POLICY,
    Answer,
    Faults,
    Load,
    Pipe,
    through,
)
from tests.lending import SECRET, seeded
from tests.postgres import Cluster, ground
from tests.served import served

SECONDS, WARM, BEFORE, AFTER = 15, 10, 3, 15
PAGE_SECONDS, WORDS_SECONDS, HEALED_SECONDS = 1.0, 5.0, 10.0
DONE = frozenset({200, 303})
HTTP_BUSY = 503


def main(seconds: int) -> int:
    """Try each fault in turn."""
    with (
        ground() as place,
        Cluster(place).running() as cluster,
        tempfile.TemporaryDirectory() as folder,
    ):
        for name in ("main", "access"):
            cluster.execute(f"CREATE DATABASE bench_{name}")
        settings = Settings(
            secret_key=SECRET,
            instance=Path(folder),
            database_url=cluster.url("bench_main"),
            access_database_url=cluster.url("bench_access"),
        )
        seeded(settings, goods=True)
        pipe = Pipe(Path(folder), cluster.socket)
        with pipe.running(), served(through(settings, Path(folder))) as site:
            return outcome(figures(site.port, Faults(cluster, pipe, "bench_main"), seconds))


def figures(port: int, faults: Faults, seconds: int) -> Iterator[Figure]:
    """Yield what each fault costs who chooses, and who reads."""
    with Load(port):  # the first pages of a worker take longer, fault or not
        time.sleep(WARM)
    for name, fault in faults.named().items():
        kept = faults.chosen()
        with Load(port) as load:
            time.sleep(BEFORE)
            with fault():
                began = time.monotonic()
                time.sleep(seconds)
            ended = time.monotonic()
            time.sleep(AFTER)
        yield from _of_fault(name, load.answers, began, ended)
        choices = [one for one in load.answers if one.path == CHOICE]
        told = {one.kept for one in choices if one.status in DONE}
        more = faults.chosen() - kept
        yield Figure(f"{name}: acknowledged and lost", len(told - more), "", most=0)
        # The word "kept" may have been on its way as its connection fell silent.
        refused = sum(one.status == HTTP_BUSY for one in choices)
        what = f"{name}: refused and kept all the same"
        yield Figure(what, len(more - told), "", most=refused)


def _of_fault(
    name: str, answers: list[Answer], began: float, ended: float
) -> Iterator[Figure]:
    during = [one for one in answers if one.asked_at + one.seconds > began]
    pages = {
        path: [one for one in during if one.path == path] for path in (POLICY, CATALOGUE)
    }
    for path, found in pages.items():
        served = sorted(one.seconds for one in found if one.status in DONE)
        late = len([one for one in served if one > PAGE_SECONDS])
        yield Figure(f"{name}: {path}, the slowest", served[-1], "s", most=WORDS_SECONDS)
        yield Figure(f"{name}: {path}, later than 1 s of {len(served)}", late, "", most=0)
    refused = [one for one in pages[POLICY] if one.status not in DONE]
    yield Figure(f"{name}: the policy is not served", len(refused), "", most=0)
    failed = [one for one in answers if one.status not in DONE]
    slowest = max((one.seconds for one in failed), default=0)
    yield Figure(
        f"{name}: words, of {len(failed)} the last", slowest, "s", most=WORDS_SECONDS
    )
    wordless = [one for one in failed if one.status != HTTP_BUSY]
    yield Figure(f"{name}: another answer than 503", len(wordless), "", most=0)
    last = max((one.asked_at + one.seconds for one in failed), default=ended)
    yield Figure(f"{name}: healed", max(last - ended, 0), "s", most=HEALED_SECONDS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))

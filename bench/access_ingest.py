"""Measure the import of a log beside GoAccess: `python -m bench.access_ingest`.

Both read the same log, in turns. Rates are of processor time, since a busy machine distorts
the clock: two processes on two cores take as long as the busier one of them needs. Memory
is what the processes have together, each shared page counted once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from sqlalchemy import create_engine

from bench.pages import Figure
from neupusti.access.ingest import importing, reading, store
from neupusti.access.ingest.batch import Batch, Enrichment
from neupusti.access.ingest.findings.judge import Judge
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.core import clock
from neupusti.core.data.database import prepare
from tests.access import logs
from tests.lending import SECRET

LINES, ROUNDS, DAYS, SCANNERS = 1_000_000, 3, 2, 20
PAUSE = 0.05
MIB, MICRO = 1024, 1e6
TICKS = os.sysconf("SC_CLK_TCK")
FLASK = [sys.executable, "-m", "flask"]
GOACCESS = [
    "goaccess", "--log-format=COMBINED", "--no-global-config", "--no-query-string",
    "--max-items=1000000", "--no-progress", "-o",
]  # fmt: skip
STAGES: dict[str, tuple[Any, str]] = {
    "parse": (reading, "parse_lines"),
    "look for scanners": (Judge, "split"),
    "enrich and count": (Batch, "add"),
    "rows": (store, "write_rows"),
    "counts": (store, "write"),
}
"""What is timed -> the function that does it, with all that it calls."""


@dataclass(slots=True)
class Taken:
    """What a command and its children took."""

    seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Of the processor, by process."""
    peak: int = 0
    """In KiB."""
    wall: float = 0.0


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        with log.open("wb") as file:
            file.writelines(_lines(chosen.lines))
        figures = list(compare(log, chosen.lines, chosen.rounds))
        for figure in figures:
            print(figure, flush=True)
        for stage, each in stages(log, chosen.lines):
            print(f"{stage:<58} {each:8.2f} µs a line")
    return 0 if all(figure.met for figure in figures) else 1


def _lines(number: int) -> Iterator[bytes]:
    """Yield a log in which a few addresses probe, and not everybody."""
    probes = tuple(probe.encode() for probe in logs.PROBES)
    for at, line in enumerate(logs.lines(number, clock.now(), days=DAYS)):
        ip, space, rest = line.partition(b" ")
        if any(probe in rest for probe in probes):
            ip = b"198.51.100.%d" % (at % SCANNERS)
        yield ip + space + rest + b"\n"


def compare(log: Path, lines: int, rounds: int) -> Iterator[Figure]:
    """Import a log and give it to GoAccess, in turns."""
    ours, theirs = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(run([*GOACCESS, f"{folder}/report.json", str(log)], folder))
            run([*FLASK, "db", "upgrade", "heads"], folder)
            ours.append(run([*FLASK, "access", "import", str(log)], folder))
    loaded = run_of([*FLASK, "access", "imports"])

    start = sum(loaded.seconds.values())

    def rate(of: Callable[[Taken], float], some: list[Taken]) -> float:
        return lines / median(map(of, some))

    def together(one: Taken) -> float:
        return sum(one.seconds.values())

    def busier(one: Taken) -> float:
        return max(one.seconds.values())

    print(f"{lines:,} lines, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    print(f"GoAccess: {rate(together, theirs):,.0f} lines a second of the processor")
    print(
        f"import, both processes: {rate(together, ours):,.0f}, with {start:.1f} s of start"
    )
    print(f"import, by the clock: {rate(lambda one: one.wall, ours):,.0f} lines a second")
    peaks = {
        "GoAccess": theirs, "import": ours, "a command that does nothing": [loaded],
    }  # fmt: skip
    for what, some in peaks.items():
        print(f"{what}: {median(one.peak for one in some) / MIB:.0f} MiB")
    busy = rate(lambda one: busier(one) - start, ours)
    yield Figure("import on two cores, once started", busy, "/s", least=80_000)
    own = (median(one.peak for one in ours) - loaded.peak) / MIB
    yield Figure("import, memory beside that of the site", own, "MiB", most=100)


def run_of(command: list[str]) -> Taken:
    """Run a command over a new site."""
    with tempfile.TemporaryDirectory() as folder:
        run([*FLASK, "db", "upgrade", "heads"], folder)
        return run(command, folder)


def run(command: list[str], folder: str) -> Taken:
    """Run a command and return what it took."""
    environment = {
        **os.environ, "NEUPUSTI_INSTANCE": folder, "NEUPUSTI_SECRET_KEY": SECRET,
    }  # fmt: skip
    taken, began = Taken(), time.monotonic()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            _look(process.pid, taken)
            time.sleep(PAUSE)
    taken.wall = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"{command} returned {process.returncode}")
    return taken


def _look(first: int, taken: Taken) -> None:
    """Note the memory and the time of a process and its children, while they are there."""
    memory, waiting = 0, [first]
    while waiting:
        try:
            folder = Path("/proc") / str(pid := waiting.pop())
            numbers = (folder / "stat").read_text().rpartition(")")[2].split()
            taken.seconds[pid] = (int(numbers[11]) + int(numbers[12])) / TICKS
            memory += _kib((folder / "smaps_rollup").read_text())
            children = (folder / "task" / str(pid) / "children").read_text()
            waiting += map(int, children.split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    taken.peak = max(taken.peak, memory)


def _kib(rollup: str) -> int:
    """Return the KiB of a process; shared ones are divided by those that share them."""
    line = next((line for line in rollup.splitlines() if line.startswith("Pss:")), "0 0")
    return int(line.split()[1])


def stages(log: Path, lines: int) -> Iterator[tuple[str, float]]:
    """Import a log in this process alone, and yield what each stage takes."""
    taken: dict[str, float] = defaultdict(float)

    def timed(stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*words: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return call(*words, **named)
            finally:
                taken[stage] += time.process_time() - began

        return wrapped

    with tempfile.TemporaryDirectory() as folder:
        run([*FLASK, "db", "upgrade", "heads"], folder)
        engine = create_engine(f"sqlite:///{folder}/access.sqlite")
        prepare(engine, synchronous="NORMAL")
        for stage, (owner, name) in STAGES.items():
            setattr(owner, name, timed(stage, getattr(owner, name)))
        with mock.patch.object(importing, "ahead", iter):
            began = time.process_time()
            importing.import_log(engine, log, None, Enrichment(Countries(), Referrers()))
            taken["all, in one process"] = time.process_time() - began
    for stage, seconds in taken.items():
        yield stage, seconds / lines * MICRO


if __name__ == "__main__":
    sys.exit(main())

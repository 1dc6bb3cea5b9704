"""Measure the policy page against the targets of the project: `make bench`.

Speed is a ratio taken in one run, so that it says the same on a slow machine and on a
fast one: requests a second of the site, over those of a bare Flask view that returns the
same bytes on the same server. Rounds of the two alternate, and each
is set against its neighbour: a shared machine changes its speed from round to round.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Thread
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bench.load import BROWSER, client, rate

ROOT = Path(__file__).resolve().parents[1]
PAGE = "/policy/"
ROUNDS, SECONDS = 7, 2
KIB = 1024


@dataclass(frozen=True)
class Figure:
    """One measured figure and its target."""

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        low = self.least is None or self.value >= self.least
        return low and (self.most is None or self.value <= self.most)

    def __str__(self) -> str:
        target = f"≥ {self.least}" if self.least is not None else f"≤ {self.most}"
        mark = "" if self.met else "   MISSED"
        return f"{self.what:<58} {self.value:8.2f} {self.unit:<4} (target {target}){mark}"


def outcome(figures: Iterable[Figure]) -> int:
    """Print each figure as it comes; return 1 if one missed its target."""
    missed = 0
    for figure in figures:
        print(figure, flush=True)
        missed += not figure.met
    return 1 if missed else 0


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NEUPUSTI_INSTANCE": folder}
        flask = [sys.executable, "-m", "flask", "site", "setup"]
        subprocess.run(flask, cwd=ROOT, env=environment, check=True)
        port = free_port()
        begun = time.monotonic()
        with started(["make", "run", f"PORT={port}"], environment, port) as process:
            start = time.monotonic() - begun
            figures = [*measured(port, process.pid, Path(folder)), first_answer(start)]
    return outcome(figures)


def first_answer(seconds: float) -> Figure:
    """Return the figure of the start."""
    return Figure("`make run`, once set up, to the first answer", seconds, "s", most=3)


def measured(port: int, pid: int, folder: Path) -> list[Figure]:
    """Return the figures of the running site: speed, weights, memory."""
    visit_every_page(port)
    body, coding = fetched(port, PAGE, BROWSER)
    kept = folder / "body"
    kept.write_bytes(body)
    site, bare, memory = [], [], []
    other = free_port()
    command = [sys.executable, "-m", "bench.bare", str(other), str(kept), coding]
    with started(command, dict(os.environ), other):
        if fetched(other, PAGE, BROWSER) != (body, coding):
            raise RuntimeError("the two servers do not send the same bytes")
        for number in range(ROUNDS):
            bare.append(rate(other, PAGE, SECONDS))
            watch = Thread(target=lambda: memory.append(memory_after(SECONDS / 2, pid)))
            watch.start()
            site.append(rate(port, PAGE, SECONDS))
            watch.join()
            print(
                f"round {number + 1}: site {site[-1]:.0f}, bare {bare[-1]:.0f} requests/s"
            )
    shared, simple = max(memory)
    print(
        f"{client()}; medians: site {median(site):.0f}, bare {median(bare):.0f} requests/s"
    )
    print(f"memory with shared pages counted in every process: {simple / KIB:.0f} MiB")
    weight = weight_of_styles(port)
    return [
        Figure(
            "site over bare view, requests/s",
            median(ours / theirs for ours, theirs in zip(site, bare, strict=True)),
            "",
            least=0.5,
        ),
        Figure(f"HTML of {PAGE} as sent ({coding})", len(body) / KIB, "KiB", most=30),
        Figure("public CSS, raw", weight / KIB, "KiB", most=12),
        Figure("memory of all processes under load", shared / KIB, "MiB", most=300),
    ]


def weight_of_styles(port: int) -> int:
    """Return how many bytes the style sheets of a public page have, unpacked."""
    page, _ = fetched(port, PAGE, {})
    found = re.findall(r'rel="stylesheet" href="([^"]+)"', page.decode())
    return sum(len(fetched(port, path, {})[0]) for path in found)


def visit_every_page(port: int) -> None:
    """Open every page of the sitemap, twice: both workers fill their store of pages."""
    pages = [
        page for file in locations(port, "/sitemap.xml") for page in locations(port, file)
    ]
    for _ in range(2):
        for page in pages:
            fetched(port, page, BROWSER)


def locations(port: int, path: str) -> list[str]:
    """Return the paths that an index or a file of the sitemap lists."""
    tree = ET.fromstring(fetched(port, path, {})[0])  # noqa: S314 - our own
    listed = tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    return [urlsplit(element.text or "").path for element in listed]


def fetched(port: int, path: str, headers: dict[str, str]) -> tuple[bytes, str]:
    """Return the body of a page as sent, and its content coding."""
    request = Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urlopen(request) as answer:  # noqa: S310 - loopback
        return answer.read(), answer.headers.get("Content-Encoding", "identity")


def memory_after(seconds: float, pid: int) -> tuple[int, int]:
    """Wait; return KiB of `pid` and all below: shared pages once, and in each process."""
    time.sleep(seconds)
    sums = [0, 0]
    for process in family(pid):
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        for place, name in enumerate(("Pss:", "Rss:")):
            line = next(line for line in rollup.splitlines() if line.startswith(name))
            sums[place] += int(line.split()[1])
    return sums[0], sums[1]


def family(pid: int) -> Iterator[int]:
    """Yield `pid` and every process below it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from family(int(child))


@contextmanager
def started(
    command: list[str], environment: dict[str, str], port: int, *, quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; begin the block at its first answer.

    A `quiet` one writes its log nowhere: it has a line for each sign-in.
    """
    # A `make` inside `make bench` is not to behave as a part of it.
    own = {name: text for name, text in environment.items() if not name.startswith("MAKE")}
    log = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=own, start_new_session=True, stderr=log
    )
    try:
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"{command} ended before its first answer")
            try:
                fetched(port, PAGE, {})
                break
            except URLError:
                time.sleep(0.01)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())

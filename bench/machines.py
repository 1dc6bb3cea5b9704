"""Measure three copies of the site against one on this machine, and reckon with more.

Both serve the same load from one PostgreSQL whose commits reach the disk, behind the
shipped nginx, in one run and in turns: people read, order, sign in and agree. The time of
the processors is that of the kernel, by what used it. From the time of a request at each
of them a queueing model says what more machines would do: on paper.

usage: python -m bench.machines [--seconds N] [--rounds N] [--clients N]
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.pages import family
from bench.queueing import Station, expected, fullest
from tests.core.smtp_server import SmtpServer
from tests.deploy import crowd as people
from tests.deploy import proxies
from tests.deploy.crowd import Crowd
from tests.deploy.machines import Machines, machines
from tests.deploy.proxies import ProxyClient

COPIES = (1, 3)
TICKS = os.sysconf("SC_CLK_TCK")
THINK_SECONDS = 10.0
PROCESSORS = 4
"""Of each machine in the model, one for the site as one for PostgreSQL."""
MODELLED = (1, 2, 3, 5, 10, 20, 50)
SLOW_SECONDS, STEP = 1.0, 100


@dataclass(frozen=True, slots=True)
class Round:
    """What one round showed."""

    requests: int
    seconds: float
    used: Counter[str]
    """Seconds of processors by what used them."""
    slowest: float
    """The time in seconds that 99 of 100 requests kept to."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def main() -> int:
    """Print what was measured, and what is reckoned from it."""
    options = argparse.ArgumentParser(description="Measure three copies against one.")
    options.add_argument("--seconds", type=int, default=20, help="of a round")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--clients", type=int, default=12)
    asked = options.parse_args()
    found: dict[int, list[Round]] = {number: [] for number in COPIES}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        smtp = stack.enter_context(SmtpServer().open())
        site = stack.enter_context(machines(max(COPIES), folder, smtp.port, durable=True))
        (alone := folder / "alone").mkdir()
        one = stack.enter_context(proxies.nginx(site.copies[0].port, alone))
        goods, accounts = people.goods(), people.accounts()
        for number in range(asked.rounds + 1):
            for copies, proxy in zip(COPIES, (one, site.proxy), strict=True):
                crowd = Crowd(
                    replace(site, proxy=proxy), goods, accounts, size=asked.clients
                )
                done = measured(site, crowd, asked.seconds)
                if number:  # the first one fills the caches
                    found[copies].append(done)
                    report(copies, done)
        # Not at the beginning: a start has a first run of every job.
        resting = idle(site, asked.seconds)
        for kind in sorted({*people.KINDS}):
            crowd = Crowd(site, goods, accounts, (kind,), asked.clients)
            done = measured(site, crowd, asked.seconds)
            print(f"{kind} alone: {per_request([done], resting)}")
    compare(found)
    reckon(found[max(COPIES)], resting)
    return 0


def idle(site: Machines, seconds: float) -> Counter[str]:
    """Return the processors that each part uses for its jobs, while nobody asks."""
    before = used(site, site.proxy)
    time.sleep(seconds)
    found = used(site, site.proxy) - before
    per_second = Counter({name: one / seconds for name, one in found.items()})
    shares = ", ".join(f"{name} {one:.1%}" for name, one in per_second.items())
    print(f"{max(COPIES)} copies that nobody asks, of one processor: {shares}")
    return per_second


def measured(site: Machines, crowd: Crowd, seconds: float) -> Round:
    """Let a crowd use the site for so long."""
    proxy = crowd.machines.proxy
    before, begun = used(site, proxy), time.monotonic()
    with crowd:
        time.sleep(seconds)
    took = time.monotonic() - begun
    if wrong := [one for one in crowd.asked if one.failed] + crowd.refused:
        raise RuntimeError(f"{len(wrong)} requests failed, the first: {wrong[0]}")
    times = sorted(one.until - one.since for one in crowd.asked)
    slowest = times[len(times) * 99 // 100]
    return Round(len(times), took, used(site, proxy) - before, slowest)


def used(site: Machines, proxy: ProxyClient) -> Counter[str]:
    """Return the seconds of processors that each part has used since its start."""
    server = int((site.server.cluster.data / "postmaster.pid").read_text().split()[0])
    copies = [copy.process.pid for copy in site.copies if copy.process]
    front = int((proxy.folder / "pid").read_text())
    own = os.times()
    return Counter(
        {
            "PostgreSQL": seconds_of(server),
            "site": sum(map(seconds_of, copies)),
            "nginx": seconds_of(front),
            "clients": own.user + own.system,
        }
    )


def seconds_of(pid: int) -> float:
    """Return what a process, those below it and those that have ended used."""
    found = 0
    for process in family(pid):
        # A connection of PostgreSQL may end meanwhile; its parent counts it then.
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            found += sum(map(int, fields[11:15] if process == pid else fields[11:13]))
    return found / TICKS


def report(copies: int, done: Round) -> None:
    """Print one round."""
    whole = done.used.total()
    shares = ", ".join(f"{name} {one / whole:.0%}" for name, one in done.used.items())
    busy = f"{whole / done.seconds:.2f} of {os.cpu_count()} processors busy"
    print(
        f"copies: {copies}; {done.rate:.0f} requests/s, 99 of 100 within "
        f"{done.slowest * 1000:.0f} ms; {busy}: {shares}",
        flush=True,
    )


def compare(found: Mapping[int, Sequence[Round]]) -> None:
    """Print what three copies do over one."""
    one, three = (median(done.rate for done in found[copies]) for copies in COPIES)
    print(
        f"medians of requests/s: {one:.0f} by one copy, {three:.0f} by three: "
        f"{three / one:.2f}"
    )


def services(rounds: Sequence[Round], resting: Counter[str]) -> dict[str, float]:
    """Return the seconds of a processor that a request took at each station.

    What they use when nobody asks is not counted.
    """
    requests = sum(done.requests for done in rounds)
    seconds = sum(done.seconds for done in rounds)
    used = sum((done.used for done in rounds), Counter[str]())
    return {
        name: (used[name] - resting[name] * seconds) / requests
        for name in ("nginx", "site", "PostgreSQL")
    }


def per_request(rounds: Sequence[Round], resting: Counter[str]) -> str:
    """Describe the time of a processor that a request took at each station."""
    times = services(rounds, resting).items()
    return ", ".join(f"{name} {one * 1000:.2f} ms" for name, one in times)


def reckon(rounds: Sequence[Round], resting: Counter[str]) -> None:
    """Print what the model says of more machines."""
    service, times = services(rounds, resting), per_request(rounds, resting)
    print(f"\nOn paper, from the time of a processor that a request took here: {times}")
    print(
        f"Assumed: {PROCESSORS} processors a machine, one machine of nginx and one of "
        f"PostgreSQL; the load of above; a person sends a request "
        f"{THINK_SECONDS:.0f} s after the last answer; no time on the network, nobody "
        f"waits for a lock or a disk, and a processor is as fast with the others at work."
    )
    for number in MODELLED:
        stations = [
            Station("nginx", service["nginx"], PROCESSORS),
            Station("site", service["site"], PROCESSORS * number),
            Station("PostgreSQL", service["PostgreSQL"], PROCESSORS),
        ]
        first = fullest(stations)
        clients = most_clients(stations)
        print(
            f"{number:3} machines of the site: {first.name} is full at {first.most:.0f} "
            f"requests/s; {clients} people at once are answered within {SLOW_SECONDS:.0f} s"
        )


def most_clients(stations: Sequence[Station]) -> int:
    """Return how many people are answered in time, on average; a multiple of STEP."""
    low, high = 0, 1
    while expected(stations, high * STEP, THINK_SECONDS).seconds <= SLOW_SECONDS:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        took = expected(stations, middle * STEP, THINK_SECONDS).seconds
        low, high = (middle, high) if took <= SLOW_SECONDS else (low, middle)
    return low * STEP


if __name__ == "__main__":
    sys.exit(main())

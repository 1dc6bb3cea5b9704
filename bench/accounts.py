"""Measure sign-ins per second, and their memory with 16 at once.

Hashing is meant to be slow; what must hold is that many at once wait for their turn and
never exhaust the memory. Then `bench.accounts_timing` shows what the time of a response
gives away. Started as `python -m bench.accounts`, and by `make bench`.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Barrier, Lock, Thread

from bench import accounts_timing
from bench.forms import open_connection, submit
from bench.pages import ROOT, Figure, free_port, started

AT_ONCE, SECONDS, HASH_SECONDS = 16, 10, 3
PASSWORD = "мөлдір бұлақ суы"  # noqa: S105 - of test accounts
PEOPLE = """
from neupusti.accounts.service import passwords, people, registration
from neupusti.accounts.service.people import Applicant
from neupusti.app import create_app
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language
app = create_app()
with app.app_context():
    kept = passwords.hashed({password!r})
    for number in range({count}):
        said = Applicant(family_name="Проба", given_name="Проба", patronymic="",
                         email=f"bench{{number}}@example.kz", phone=None,
                         language=Language.RU)
        with writing() as session:
            person = people.add(session, said)
            passwords.set_password(session, person.id, kept)
            registration.settle(session, person)
"""

HASHES = """
import time
from neupusti.accounts.service.passwords import HASHER
made, end = 0, time.monotonic() + {seconds}
while time.monotonic() < end:
    HASHER.hash("x")
    made += 1
print(made)
"""


class Tally:
    """Counts the responses."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.entered, self.refused = 0, 0
        self.slowest = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one response."""
        with self.lock:
            self.entered += status == 303
            self.refused += status != 303
            self.slowest = max(self.slowest, seconds)


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NEUPUSTI_INSTANCE": folder}
        setup = [sys.executable, "-m", "flask", "site", "setup"]
        subprocess.run(setup, cwd=ROOT, env=environment, check=True)
        code = PEOPLE.format(password=PASSWORD, count=AT_ONCE)
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
        port = free_port()
        serve = [sys.executable, "-m", "flask", "site", "serve", "--port", str(port)]
        with started(serve, environment, port, quiet=True) as process:
            sign_in(port, 0)
            idle = memory(process.pid)
            before = hashes()
            tally = sign_in_concurrently(port)
            hashed = (before + hashes()) / 2
            peak = memory(process.pid)
    entered = tally.entered / SECONDS
    turn = AT_ONCE / entered if entered else float("inf")
    figures = [
        # The hash is the work; the rest is two pages, three transactions, a session.
        Figure("sign-ins, over hashes of two processors", entered / hashed, "", 0.25),
        Figure(
            "the slowest sign-in, in turns of all sixteen",
            tally.slowest / turn,
            "",
            most=5,
        ),
        Figure("answers that were no sign-in", tally.refused, "", most=0),
        # Two workers with four hashes of 19 MiB, and as much again for freed memory.
        Figure("memory that signing in adds at its peak", peak - idle, "MiB", most=320),
    ]
    print(
        f"{entered:.1f} sign-ins a second, {AT_ONCE} at once; {hashed:.1f} hashes a second"
    )
    for figure in figures:
        print(figure)
    figures += accounts_timing.measured()
    return 0 if all(figure.met for figure in figures) else 1


def hashes() -> float:
    """Return the hashes per second of the processors, two at a time."""
    command = [sys.executable, "-c", HASHES.format(seconds=HASH_SECONDS)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)
    ]
    made = sum(int(process.communicate()[0]) for process in running)
    return made / HASH_SECONDS


def sign_in_concurrently(port: int) -> Tally:
    """Sign in sixteen accounts repeatedly and concurrently for some seconds."""
    tally, barrier = Tally(), Barrier(AT_ONCE)
    end = time.monotonic() + SECONDS

    def work(number: int) -> None:
        barrier.wait()
        while (begun := time.monotonic()) < end:
            tally.add(sign_in(port, number), time.monotonic() - begun)

    threads = [Thread(target=work, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def sign_in(port: int, number: int) -> int:
    """Sign in account `number`; return the status of the response."""
    said = {"email": f"bench{number}@example.kz", "password": PASSWORD}
    with open_connection(port) as link:
        return submit(link, "/account/login", said)[0]


def memory(pid: int) -> float:
    """Return the peak memory of the process and its children, in MiB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = Path(f"/proc/{pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", own)[1]) / 1024  # type: ignore[index]
    return peak + sum(memory(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main())

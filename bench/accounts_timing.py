"""Measure whether response times reveal which addresses have an account (V6.3.8).

Pairs of requests that may not differ are sent side by side, in an order of chance, to the
site as it is served. Two figures are taken of each kind of pair: how far the medians lie
apart, and how often a guess «this one took longer» would be right (the area under the ROC
curve; a half is chance). Started as `python -m bench.accounts_timing`, and by
`python -m bench.accounts`.
"""

import os
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from statistics import median

from bench.forms import open_connection, submit
from bench.pages import Figure, free_port, started
from neupusti.accounts.service import passwords, people, registration, suspending
from neupusti.accounts.service.people import Applicant
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language

PAIRS, AT_ONCE = 300, 4
APART, NOTICED = 1.10, 0.15
"""Maximum difference of the medians, and of the guesses from chance."""
PASSWORD, WRONG = "мөлдір бұлақ суы", "неверный пароль тут"
KNOWN, UNCONFIRMED, BLOCKED, NOBODY = "known", "unconfirmed", "blocked", "nobody"
CROWD = 8
"""Accounts of each kind: no two threads use one at the same time."""
TURNS = count()
Fields = dict[str, str]


@dataclass(frozen=True)
class Question:
    """Two responses to one form that must be indistinguishable."""

    what: str
    path: str
    status: int
    one: Callable[[], Fields]
    other: Callable[[], Fields]


def someone(kind: str) -> str:
    """Return an address of a kind; an unknown one is new each time."""
    turn = next(TURNS)
    return f"{kind}{turn if kind == NOBODY else turn % CROWD}@example.kz"


def signing(kind: str, password: str = WRONG) -> Callable[[], Fields]:
    """Return the form fields of a sign-in."""
    return lambda: {"email": someone(kind), "password": password}


def asking(kind: str) -> Callable[[], Fields]:
    """Return the form fields of a password reset."""
    return lambda: {"email": someone(kind)}


def registering(kind: str) -> Callable[[], Fields]:
    """Return the form fields of a registration."""
    said = {"family_name": "Проба", "given_name": "Проба", "consent": "y"}
    return lambda: {**said, "email": someone(kind), "password": PASSWORD}


LOGIN, RESET, REGISTER = "/account/login", "/account/password/reset", "/account/register"
QUESTIONS = (
    Question("sign-in: known, unknown", LOGIN, 422, signing(KNOWN), signing(NOBODY)),
    Question(
        "sign-in: unconfirmed, unknown", LOGIN, 422, signing(UNCONFIRMED), signing(NOBODY)
    ),
    Question("sign-in: blocked, unknown", LOGIN, 422, signing(BLOCKED), signing(NOBODY)),
    Question(
        "sign-in: own password for another's address, known",
        LOGIN,
        422,
        signing(UNCONFIRMED, PASSWORD),
        signing(KNOWN),
    ),
    Question("new password: known, unknown", RESET, 303, asking(KNOWN), asking(NOBODY)),
    Question("new password: blocked, unknown", RESET, 303, asking(BLOCKED), asking(NOBODY)),
    Question(
        "registration: known, unknown",
        REGISTER,
        303,
        registering(KNOWN),
        registering(NOBODY),
    ),
)


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    figures = measured()
    return 0 if all(figure.met for figure in figures) else 1


def measured() -> list[Figure]:
    """Measure every pair; print and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NEUPUSTI_INSTANCE": folder}
        port = free_port()
        serve = [sys.executable, "-m", "flask", "site", "serve", "--port", str(port)]
        with started(serve, environment, port, quiet=True):
            populate(environment)
            base = Path(folder) / "main.sqlite"
            return [
                figure for question in QUESTIONS for figure in asked(question, port, base)
            ]


def populate(environment: dict[str, str]) -> None:
    """Create the accounts."""
    app = create_app(Settings.from_env(environment))
    with app.app_context():
        kept = passwords.hashed(PASSWORD)
        for kind, _ in product((KNOWN, UNCONFIRMED, BLOCKED), range(CROWD)):
            said = Applicant(
                family_name="Проба", given_name="Проба", patronymic="",
                email=someone(kind), phone=None, language=Language.RU,
            )  # fmt: skip
            with writing() as session:
                person = people.add(session, said)
                passwords.set_password(session, person.id, kept)
                if kind != UNCONFIRMED:
                    registration.mark_confirmed(session, person)
                if kind == BLOCKED:
                    suspending.suspend(session, person, by=None, reason="measurement")


def asked(question: Question, port: int, base: Path) -> list[Figure]:
    """Measure one pair repeatedly; return its figures."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        pairs = pool.map(lambda turn: pair(question, port, base, turn), range(PAIRS))
        one, other = zip(*pairs, strict=True)
    ours, theirs = 1000 * median(one), 1000 * median(other)
    guessed = superiority(one, other)
    print(f"{question.what}: {ours:.1f} and {theirs:.1f} ms, AUC {guessed:.3f}")
    apart = max(ours / theirs, theirs / ours)
    figures = [
        Figure(f"{question.what}: medians", apart, "", most=APART),
        Figure(f"{question.what}: AUC from 0.5", abs(guessed - 0.5), "", most=NOTICED),
    ]
    for figure in figures:
        print(figure)
    return figures


def pair(question: Question, port: int, base: Path, turn: int) -> tuple[float, float]:
    """Send both in random order; return their times in seconds."""
    allow_more(base)
    times = [0.0, 0.0]
    answers = [(0, question.one()), (1, question.other())]
    random.shuffle(answers)
    for place, fields in answers:
        # From different networks, so that they do not share rate limits.
        with open_connection(port, f"127.{1 + place}.{turn % 250}.1") as link:
            status, times[place] = submit(link, question.path, fields)
        if status != question.status:
            raise RuntimeError(f"{question.what}: an answer {status}")
    return times[0], times[1]


def allow_more(base: Path) -> None:
    """Reset the rate limits, which would end the measurement after a few pairs."""
    with closing(sqlite3.connect(base, timeout=30)) as link:
        link.execute("DELETE FROM throttle_count")
        link.commit()


def superiority(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how probable it is that one of `one` is greater than one of `other`."""
    greater = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return greater / (len(one) * len(other))


if __name__ == "__main__":
    sys.exit(main())

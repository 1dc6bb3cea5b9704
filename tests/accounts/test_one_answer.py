"""No response reveals which addresses have an account: same text, work and padding.

`python -m bench.accounts_timing` measures the response times.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import event, func, select

from neupusti.accounts.service import passwords
from neupusti.accounts.views import addresses, authentication, blueprint, registration
from neupusti.accounts.views import passwords as resetting
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from tests.accounts.cast import (
    HIDDEN,
    PASSWORD,
    account,
    emails_to,
    hidden,
    signed_in,
    submit,
)
from tests.accounts.test_registration import FORM, register
from tests.people import AIGERIM, BOLAT, DANA, GUEST, YERLAN

WRONG = "неверный пароль тут"
CLOCK_STEP = 1 / 16
VIEWS = (addresses, blueprint, registration, resetting, authentication)


@dataclass
class Work:
    """The work of a request that affects its response time."""

    hashes: int = 0
    commits: int = 0
    waits: list[float] = field(default_factory=list)
    moment: float = 0.0

    def monotonic(self) -> float:
        """Return the time, one step later at each call."""
        self.moment += CLOCK_STEP
        return self.moment

    def sleep(self, wait: float) -> None:
        """Record how long a response was delayed."""
        self.waits.append(wait)
        self.moment += wait


@contextmanager
def measured() -> Iterator[Work]:
    """Count hashes and commits, with a fake clock; no e-mail may be sent."""
    work = Work()
    made, checked = PasswordHasher.hash, PasswordHasher.verify

    def hash_(*args: str, **kwargs: bytes) -> str:
        work.hashes += 1
        return made(*args, **kwargs)  # type: ignore[arg-type]

    def verify(*args: str) -> bool:
        work.hashes += 1
        return bool(checked(*args))  # type: ignore[arg-type]

    def commit(_connection: object) -> None:
        work.commits += 1

    def sent(*_args: object) -> None:
        raise AssertionError("a request talks to a mail server")

    event.listen(db.engine, "commit", commit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHasher, "hash", hash_)
        patch.setattr(PasswordHasher, "verify", verify)
        patch.setattr(blueprint, "PADDING_SECONDS", 0.25)
        patch.setattr(smtplib, "SMTP", sent)
        for module in VIEWS:
            patch.setattr(module, "time", work)
        yield work
    event.remove(db.engine, "commit", commit)


def outbox() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(OutboxEmail)) or 0


@dataclass(frozen=True)
class Question:
    """A form, and inputs whose responses may not differ."""

    path: str
    answers: tuple[dict[str, str], ...]
    status: int
    emails: tuple[int, ...]
    """How many e-mails each enqueues; the worker sends them later."""
    signed_in: bool = False


KNOWN, TAKEN, UNCONFIRMED = AIGERIM.email, BOLAT.email, DANA.email
FREE, FREE_TOO = GUEST.email, YERLAN.email
QUESTIONS = {
    "signing in": Question(
        "/account/login",
        (
            {"email": KNOWN, "password": WRONG},
            {"email": FREE, "password": WRONG},
            {"email": UNCONFIRMED, "password": WRONG},
            {"email": UNCONFIRMED, "password": PASSWORD},
        ),
        422,
        (0, 0, 0, 1),
    ),
    "asking for a new password": Question(
        "/account/password/reset",
        ({"email": KNOWN}, {"email": FREE}, {"email": UNCONFIRMED}),
        303,
        (1, 1, 1),
    ),
    "registering": Question(
        "/account/register",
        tuple({**FORM, "email": email} for email in (KNOWN, FREE, UNCONFIRMED)),
        303,
        (1, 1, 1),
    ),
    "changing the e-mail": Question(
        "/account/email",
        tuple({"email": email, "current": PASSWORD} for email in (TAKEN, FREE)),
        303,
        (1, 1),
        signed_in=True,
    ),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_every_answer_is_the_same_and_costs_the_same(app: Flask, what: str) -> None:
    question = QUESTIONS[what]
    who = account(AIGERIM)
    account(BOLAT)
    register(app.test_client(), email=UNCONFIRMED)
    passwords.matches(None, "")  # create the dummy hash of the process
    costs, responses = [], []
    for data, posted in zip(question.answers, question.emails, strict=True):
        browser = signed_in(app, who) if question.signed_in else app.test_client()
        form = {**hidden(browser.get(question.path).text), **data}
        before = outbox()
        with measured() as work:
            answer = browser.post(question.path, data=form)
        assert outbox() - before == posted
        assert answer.status_code == question.status
        responses.append(
            (answer.location, HIDDEN.sub("", answer.text.replace(data["email"], "")))
        )
        costs.append((work.hashes, work.commits, work.waits))
    assert len(set(responses)) == 1
    assert costs == costs[:1] * len(costs)
    [(hashes, commits, [wait])] = costs[:1]
    assert commits >= 1
    assert hashes == (0 if what == "asking for a new password" else 1)
    assert 0 < wait <= 0.25


@pytest.mark.parametrize("work", [0.001, 0.03, 0.08, 0.249])
def test_padding_hides_how_long_the_work_took(
    monkeypatch: pytest.MonkeyPatch, work: float
) -> None:
    clock = Work(moment=100 + work - CLOCK_STEP)
    monkeypatch.setattr(blueprint, "PADDING_SECONDS", 0.25)
    monkeypatch.setattr(blueprint, "time", clock)
    blueprint.pad_response_time(100.0)
    assert clock.moment == pytest.approx(100.25)


def test_who_registers_another_address_does_not_learn_if_it_has_an_account(
    app: Flask,
) -> None:
    """Neither by signing in with the chosen password nor by rate limits."""
    account(BOLAT)
    responses = []
    for email in (AIGERIM.email, BOLAT.email):
        browser = app.test_client()
        mine = {"email": email, "password": "пустой сарай за рекой"}
        answers = [register(browser, **mine)]
        answers += [submit(browser, "/account/login", mine) for _ in range(4)]
        answers += [register(browser, **mine) for _ in range(3)]
        responses.append([(a.status_code, HIDDEN.sub("", a.text)) for a in answers])
        assert [a.status_code for a in answers] == [303, *[422] * 4, 303, 303, 303]
    assert [message.kind for message in emails_to(AIGERIM.email)] == [
        "accounts.confirm"
    ] * 6
    assert [message.kind for message in emails_to(BOLAT.email)] == ["accounts.existing"] * 3
    one, other = (
        [page.replace(e, "") for _, page in pages]
        for e, pages in zip((AIGERIM.email, BOLAT.email), responses, strict=True)
    )
    assert one[:-1] == other[:-1]

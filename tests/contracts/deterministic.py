"""A fixed clock, fixed random bytes, and the site asked by commands and by SQL."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import text

from neupusti.accounts.views import blueprint
from neupusti.core import clock
from neupusti.core.data.database import db
from tests.people import Person

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
LINK = re.compile(r"http://127\.0\.0\.1:8000(/account/[\w/-]+)")


@dataclass
class Dice:
    """Random bytes that are all the same: `show` says which."""

    byte: int = 0

    def show(self, byte: int) -> None:
        """Let every random byte be `byte` from now on."""
        self.byte = byte

    def throw(self, count: int | None = None) -> bytes:
        """Return random bytes: stands in for `secrets.token_bytes`."""
        return bytes([self.byte]) * (count or 32)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Fix the clock and the time in signed cookies; nothing waits meanwhile."""
    second = int(moment.timestamp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        patch.setattr(TimestampSigner, "get_timestamp", lambda _signer: second)
        patch.setattr(blueprint, "PADDING_SECONDS", 0)
        yield


@contextmanager
def fixed(moment: datetime = NOW) -> Iterator[Dice]:
    """Fix the dice too, and give them."""
    dice = Dice()
    with at(moment), pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_bytes", dice.throw)
        yield dice


def command(app: Flask, *words: str) -> tuple[int, str]:
    """Run `flask …` as a process of its own would; return its exit code and output."""
    done = Context().run(app.test_cli_runner().invoke, args=words)
    return done.exit_code, done.output


def printed(app: Flask, *words: str) -> str:
    """Return what `flask …` prints where all is well."""
    code, output = command(app, *words)
    assert code == 0, output
    return output


def missing(
    rows: dict[str, list[tuple[object, ...]]], bind: str | None = None
) -> dict[str, list[tuple[object, ...]]]:
    """Return, by query, the rows that are expected and not there."""
    lacking = {}
    with db.engines[bind].connect() as connection:
        for query, expected in rows.items():
            there = {tuple(row) for row in connection.execute(text(query))}
            lacking[query] = [row for row in expected if row not in there]
    return {query: rows for query, rows in lacking.items() if rows}


def number_of(who: Person) -> int:
    """Return the number of the newest person with an address."""
    query = text("SELECT max(id) FROM person WHERE email = :email")
    with db.engine.connect() as connection:
        return int(connection.execute(query, {"email": who.email}).scalar_one())


def newest_link(kind: str) -> str:
    """Return the path of the first link in the newest letter of a kind."""
    query = text("SELECT text FROM letter WHERE kind = :kind ORDER BY id DESC LIMIT 1")
    with db.engine.connect() as connection:
        words = str(connection.execute(query, {"kind": kind}).scalar_one())
    (path, *_) = LINK.findall(words)
    return str(path)

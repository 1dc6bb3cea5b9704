"""One-time tokens: valid once, in time and for one purpose."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.core.data import keys
from neupusti.core.data.database import db, writing
from neupusti.core.security import tokens
from neupusti.core.security.tokens import TokenError
from tests.times import NOON, Clock

HOUR = timedelta(hours=1)


def issued(purpose: str = "confirm", person: int | None = 7) -> str:
    with writing() as session:
        return tokens.issue(session, purpose, HOUR, person=person, target=3)


def redeemed(purpose: str, token: str) -> int | None:
    with writing() as session:
        return tokens.redeem(session, purpose, token).person


def test_of_two_at_once_one_comes_too_late(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    token = issued()
    read = tokens.peek("confirm", token)
    with writing() as session:
        assert tokens.redeem(session, "confirm", token).used_at == NOON
    monkeypatch.setattr(tokens, "_valid_token", lambda *_: read)
    with pytest.raises(TokenError):
        redeemed("confirm", token)


def test_a_token_works_once(app: Flask, at: Clock) -> None:
    at(NOON)
    token = issued()
    assert tokens.peek("confirm", token).target == 3
    assert tokens.peek("confirm", token).person == 7
    assert redeemed("confirm", token) == 7
    with pytest.raises(TokenError):
        redeemed("confirm", token)
    with pytest.raises(TokenError):
        tokens.peek("confirm", token)


def test_unused_tokens_of_one_purpose_and_person_are_prolonged(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    mine, other_purpose, other_person = issued(), issued("reset"), issued(person=8)
    minute = timedelta(minutes=1)
    at(NOON + HOUR - minute)
    with writing() as session:
        tokens.prolong(session, "confirm", 30 * minute, person=7)
    at(NOON + HOUR)
    for purpose, token in (("reset", other_purpose), ("confirm", other_person)):
        with pytest.raises(TokenError):
            tokens.peek(purpose, token)
    at(NOON + HOUR + 29 * minute - timedelta(seconds=1))
    assert tokens.peek("confirm", mine).person == 7
    at(NOON + HOUR + 29 * minute)
    with pytest.raises(TokenError):
        tokens.peek("confirm", mine)


def test_prolonging_never_shortens(app: Flask, at: Clock) -> None:
    at(NOON)
    token = issued()
    with writing() as session:
        tokens.prolong(session, "confirm", timedelta(minutes=1), person=7)
    at(NOON + HOUR - timedelta(seconds=1))
    assert tokens.peek("confirm", token).person == 7


def test_a_token_expires(app: Flask, at: Clock) -> None:
    at(NOON)
    token = issued()
    at(NOON + HOUR - timedelta(seconds=1))
    tokens.peek("confirm", token)
    at(NOON + HOUR)
    with pytest.raises(TokenError):
        redeemed("confirm", token)


def test_a_token_is_valid_for_one_purpose_only(app: Flask) -> None:
    token = issued("confirm")
    with pytest.raises(TokenError):
        redeemed("reset", token)
    assert redeemed("confirm", token) == 7


def test_a_tampered_token_is_invalid(app: Flask) -> None:
    token = issued()
    for changed in (token[:-1], token + "A", token.swapcase(), token[::-1], f" {token}"):
        with pytest.raises(TokenError):
            tokens.peek("confirm", changed)


@pytest.mark.parametrize("junk", ["", "x", "\x00" * 43, "я" * 43, "a" * 9999])
def test_junk_is_no_token_and_nothing_is_asked(
    app: Flask, junk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "hashed", lambda *_: pytest.fail("junk was looked up"))
    with pytest.raises(TokenError):
        tokens.peek("confirm", junk)


def test_the_tokens_of_one_person_can_be_revoked(app: Flask) -> None:
    mine, reset, other = issued(), issued("reset"), issued(person=8)
    with writing() as session:
        tokens.revoke(session, 7, "reset")
    with pytest.raises(TokenError):
        tokens.peek("reset", reset)
    tokens.peek("confirm", mine)
    with writing() as session:
        tokens.revoke(session, 7)
    with pytest.raises(TokenError):
        tokens.peek("confirm", mine)
    tokens.peek("confirm", other)


def test_the_tokens_of_one_row_can_be_revoked(app: Flask) -> None:
    mine, reset = issued(), issued("reset")
    with writing() as session:
        other = tokens.issue(session, "confirm", HOUR, person=7, target=4)
    with writing() as session:
        tokens.revoke_target(session, "confirm", 3)
    with pytest.raises(TokenError):
        tokens.peek("confirm", mine)
    tokens.peek("reset", reset)
    tokens.peek("confirm", other)


def test_the_database_does_not_hold_the_token(app: Flask) -> None:
    token = issued()
    row = db.session.execute(text("SELECT * FROM token")).one()
    assert token not in str(tuple(row))


def test_a_token_is_held_by_its_id_for_one_thing_and_until_its_end(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    with writing() as session:
        row, _text = tokens.issue_row(session, "order", HOUR, target=3)
        session.flush()
        number = row.id
    at(NOON + HOUR - timedelta(seconds=1))
    found = tokens.held(number, "order", 3)
    assert found is not None
    assert found.id == number
    for other in ((None, "order", 3), (0, "order", 3), (number + 1, "order", 3)):
        assert tokens.held(*other) is None
    assert tokens.held(number, "contact", 3) is None
    assert tokens.held(number, "order", 4) is None
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE token SET target = 4"))
    assert tokens.held(number, "order", 3) is None
    assert tokens.held(number, "order", 4) is not None
    db.session.rollback()
    at(NOON + HOUR)
    assert tokens.held(number, "order", 4) is None

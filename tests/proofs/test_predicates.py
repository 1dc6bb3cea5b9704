"""Each part of what may not be: rows that are wrong in one thing only, and right ones."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from typing import Any

from flask import Flask
from sqlalchemy import Date, func, select

from neupusti.core import clock, term_proofs
from neupusti.core.data.database import db
from neupusti.core.keeping import Retention
from neupusti.core.proofs.proof import EARLIER, LATER, Proof
from neupusti.core.registry import registry
from tests.proofs import planting
from tests.proofs.rows import NOW

HOUR = timedelta(hours=1)
HASH = "$argon2id$v=19$m={m},t={t},p=1$salt$hash"
Rows = Mapping[str, tuple[dict[str, Any], ...]]
"""Name of a proof -> what its right row is changed to."""

WRONG: Rows = {
    "subjects-name-nobody": (
        {"subject": "reader@example.kz"},
        {"subject": "77010000009"},
        {"subject": "7 (701) 0000009"},
    ),
    "emails-found-by-address": ({"recipient": "nobody"}, {"recipient_key": "A@example.kz"}),
    "links-end": ({"used_at": NOW}, {"created_at": NOW}),
    "reasons-sealed": ({"reason": "words"}, {"sealed": None}),
    "withdrawals-match": (
        {"ended_at": datetime(2025, 1, 1, tzinfo=UTC)},
        {"ended_by": "other"},
        {"ended_to": "other"},
        {"ends": 1},
    ),
    "log-addresses": (
        {"ip": ""},
        {"ip": "UNKNOWN"},
        {"ip": "192.0.2.1 "},
        {"ip": "fe80::1%eth0"},
    ),
    "log-countries": ({"country": "K"}, {"ip": "unknown"}),
    "findings-masked": ({"network": "192.0.2.10"}, {"network": "2001:db8::1"}),
    "log-destroyed-whole": ({"complete": False},),
    "destroyed-whole": ({"complete": False},),
    "kinds-of-people": ({"kind": "guest"}, {"kind": ""}),
    "accounts-with-consent": ({"consented": False},),
    "people-by-forms": ({"collected": False},),
    "phones-international": (
        {"phone": "77010000001"},
        {"phone": "+7701000000a"},
        {"phone": "+7 7010000001"},
        {"phone": "+123456"},
        {"phone": "+1234567890123456"},
    ),
    "keys-of-addresses": ({"email": "a@example"}, {"email_key": "A@example.kz"}),
    "confirmed-in-order": (
        {"created_at": NOW, "confirmed_at": NOW - HOUR},
        {"confirmed_at": NOW + HOUR},
        {"kind": "guest"},
    ),
    "strong-hashes": (
        {"password_hash": "$2b$12$salt"},
        {"password_hash": HASH.format(m=19455, t=2)},
        {"password_hash": HASH.format(m=19456, t=1)},
        {"password_hash": HASH.format(m=9999, t=9)},
    ),
    "attempts-limited": ({"count": 1001}, {"strikes": 2}),
    "sessions-end": (
        {"ends_at": NOW + timedelta(days=31)},
        {"ends_at": NOW + HOUR, "completed_at": None},
    ),
    "consents-under-an-edition": ({"published_at": None},),
    "changes-explained": ({"note": 0, "material": 1},),
    "approved-before-published": ({"approved_at": None}, {"approved_at": NOW}),
    "orders-with-consent": ({"form": "contact"}, {"ends": 1}, {"at": NOW}),
    "questions-with-consent": ({"form": "order"}, {"ends": 1}, {"at": NOW}),
    "questions-numbered": ({"number": "NP-1"}, {"email_key": "b@example.kz"}),
    "answers-signed": ({"author": "staff"}, {"author": "note"}),
    "phones-of-orders": (
        {"phone": "87010000001"},
        {"phone_end": "0002"},
        {"phone": None, "phone_end": None},
    ),
    "addresses-where-needed": ({"addressed": None}, {"delivery": "pickup"}),
    "names-destroyed": tuple(
        {name: "x"}
        for name in (
            *("family_name", "given_name", "patronymic", "search", "comment"),
            *("phone", "phone_end"),
        )
    ),
    "fields-on-the-list": (
        {"field": "street"},
        {"field": "patronymic", "listed": ",patronymic,"},
        {"kind": "pickup"},
        {"listed": ",telephone,"},
    ),
    "keys-of-orders": (
        {"identity_ended_at": NOW, "email": "a@example.kz", "email_key": ""},
        {"identity_ended_at": NOW, "email": "", "email_key": "a@example.kz"},
    ),
    "handed-for-the-order": (
        {"purpose": "4.1.10"},
        {"withdrawn_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ),
    "handed-under-contract": ({"active": False}, {"kind": "cdek"}),
    "subscribers-agreed": ({"confirmed_at": None}, {"news_consent": None}),
    "news-with-consent": ({"news_consent": None}, {"news_ended": 2}),
    "advertising-with-consent": ({"ad_consent": None}, {"ads_ended": 2}),
    "advertising-marked": ({"text": "Жарнама / Реклама"}, {"text": "БСН / БИН 1"}),
    "people-opened-for-a-reason": ({"sealed": ""},),
    "staff-with-a-code": ({"has_factor": True},),
}
RIGHT: Rows = {
    "checks-of-blocks-end": ({"due": date(2026, 11, 22), "lifted_at": None},),
    "shut-where-broken-into": (
        {"session_of": LATER},
        {"password_hash": HASH.format(m=65536, t=3), "password_of": LATER},
    ),
    "subjects-name-nobody": (
        {"subject": "NC-261122-7234-5"},
        {"subject": "−20 % 22.11.2026"},
    ),
    "links-end": ({"used_at": LATER}, {"created_at": LATER}),
    "withdrawals-match": ({"ended_at": EARLIER},),
    "log-addresses": ({"ip": "192.0.2.1"}, {"ip": "unknown"}, {"ip": "::1"}),
    "log-visitors": ({"visitor": "", "granted": ""},),
    "log-countries": ({"ip": "unknown", "country": ""}, {"country": ""}),
    "findings-masked": ({"network": ""}, {"network": "2001:db8::"}, {"network": "unknown"}),
    "log-destroyed-whole": ({"complete": False, "at": NOW - 2 * HOUR},),
    "destroyed-whole": ({"complete": False, "at": NOW - 2 * HOUR},),
    "no-undeclared-cookie": ({"last_at": NOW - 24 * HOUR},),
    "refusals-grant-nothing": ({"source": "withdrawal", "granted": ""},),
    "kinds-of-people": ({"kind": "guest", "password_hash": None},),
    "accounts-with-consent": (
        {"consented": False, "invited": True},
        {"consented": False, "kind": "guest"},
    ),
    "people-by-forms": ({"collected": False, "invited": True},),
    "phones-international": (
        {"phone": None},
        {"phone": "+1234567"},
        {"phone": "+123456789012345"},
    ),
    "confirmed-in-order": (
        {"created_at": NOW - HOUR, "confirmed_at": NOW - HOUR},
        {"kind": "guest", "confirmed_at": NOW},
    ),
    "strong-hashes": (
        {"password_hash": None},
        {"password_hash": HASH.format(m=65536, t=3)},
        {"password_hash": HASH.format(m=102400, t=10)},
    ),
    "sessions-end": (
        {"ends_at": NOW + timedelta(days=30), "completed_at": NOW},
        {"ends_at": NOW + timedelta(minutes=10), "completed_at": None},
    ),
    "attempts-limited": (
        {"count": 1000, "strikes": 0},
        {"strikes": 1, "shut_until": NOW},
    ),
    "changes-explained": ({"material": 0, "note": 0},),
    "consents-under-an-edition": ({"at": EARLIER},),
    "approved-before-published": (
        {"published_at": None, "approved_at": None},
        {"approved_at": LATER},
    ),
    "orders-with-consent": ({"at": LATER},),
    "questions-with-consent": ({"at": LATER},),
    "keys-of-orders": ({"identity_ended_at": NOW, "email": "", "email_key": ""},),
    "phones-of-orders": ({"phone": None, "phone_end": None, "identity_ended_at": NOW},),
    "addresses-where-needed": ({"delivery": "pickup", "addressed": None},),
    "addresses-destroyed": ({"identity_ended_at": None, "address": "Almaty"},),
    "names-destroyed": ({"identity_ended_at": None, "family_name": "x"},),
    "words-destroyed": ({"identity_ended_at": None, "reason": "words"},),
    "orders-of-proved-addresses": ({"person": None, "email_proved_at": None},),
    "handed-for-the-order": ({"withdrawn_at": NOW}, {"withdrawn_at": LATER}),
    "handed-under-contract": ({"kind": "cdek", "contract": "1"},),
    "subscribers-agreed": ({"state": "pending", "news_consent": None},),
    "no-news-after-the-end": ({"ended_at": EARLIER},),
    "news-confirmed": ({"posted_at": None, "confirmed_at": None},),
    "news-with-consent": (
        {"email": "handing", "news_consent": None},
        {"subscriber": "ended", "news_consent": None},
    ),
    "advertising-with-consent": (
        {"advertising": False, "ad_consent": None},
        {"email": "handing", "ad_consent": None},
        {"subscriber": "ended", "ad_consent": None},
    ),
    "people-opened-for-a-reason": ({"action": "catalog.added", "sealed": ""},),
    "addresses-seen-for-a-reason": ({"action": "catalog.added", "sealed": ""},),
    "staff-with-a-code": ({"has_factor": True, "second_factor_at": NOW},),
}


SECRECY = {
    "subjects-name-nobody",
    *("log-referrers", "log-cookies"),
    *("fields-on-the-list", "handed-for-the-order", "handed-under-contract"),
    *("hand-overs-entered", "links-of-couriers-end"),
    "no-hand-over-of-the-blocked",
    "shut-where-broken-into",
}
"""A breach of these has told personal data to somebody (5.3)."""


def judged(changes: Rows) -> list[tuple[str, dict[str, Any], bool]]:
    """Return how each proof judges its right row with each of its changes."""
    proofs = {one.name: one for one in planting.proofs()}
    found = []
    for name in changes.keys() & proofs.keys():
        proof, rows = proofs[name], changes[name]
        assert isinstance(proof, Proof)
        bound = db.engines["access"] if is_of_access(proof) else db.engine
        with bound.connect() as connection:
            for row in rows:
                single = proof.single({**proof.right, **row})
                wrong = select(func.count()).select_from(single).where(proof.wrong(single))
                found.append((name, row, bool(connection.scalar(wrong))))
    return found


def is_of_access(proof: Proof) -> bool:
    return any(table.name.startswith("access_") for table in proof.tables)


def test_what_tells_personal_data_to_others_is_marked(app: Flask) -> None:
    secret = {one.name for one in planting.proofs() if one.secrecy}
    assert secret == SECRECY & {one.name for one in planting.proofs()}


def test_what_is_wrong_in_one_thing_is_wrong(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    assert [one for one in judged(WRONG) if not one[2]] == []


def test_what_is_right_at_its_border_is_right(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    assert [one for one in judged(RIGHT) if one[2]] == []


def last_within(rule: Retention) -> tuple[Any, timedelta]:
    """Return the earliest start that is within the term and two hours, and a step."""
    start: Any = rule.starts_at
    at = NOW - 2 * HOUR - timedelta(days=rule.term)
    day = at.astimezone(clock.ALMATY).date()
    if isinstance(start.type, Date):
        return day, timedelta(days=1)
    return clock.midnight(day) if rule.whole_days else at, timedelta(minutes=1)


def test_a_row_past_its_term_is_wrong_two_hours_later(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    found = []
    for rule in registry().retention:
        start: Any = rule.starts_at
        due, step = last_within(rule)
        rows = tuple({**rule.example, start.key: at} for at in (due - step, due))
        found += judged({term_proofs.proof_of(rule).name: rows})
    assert [
        one for one, late in zip(found, cycle((True, False))) if one[2] is not late
    ] == []

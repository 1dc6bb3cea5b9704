"""What is stored and sent keeps its format: literal values for a fixed secret and clock.

Everything is reached as browsers, commands and SQL reach it, so that no renaming inside
the code can take a value along. Extra rows and words are welcome; none may go or change.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from hashlib import sha256

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.core.data.database import db
from neupusti.core.registry import registry
from tests.contracts import formats
from tests.contracts.deterministic import NOW, command, fixed, missing, printed
from tests.contracts.story import WHY, Story, StoryResult, choose
from tests.core.failing_views import PRODUCTION
from tests.lending import SECRET
from tests.people import DANA

BEGINNING = "0" * 64
DECLARED = '{"necessary":{"cookies":[],"says":[]}}'
DECLARED_HASH = "aa45c806bfc947c66d4a1885cfdf7f4b9f4c220df0d36147b2fa74578ee22fd9"
WORDING = "<p>Только необходимые cookies</p>"
WORDING_HASH = "544462210979df17dc847446d6b0351fc16bb5d48c7e7889bf16aaa13ad0ee1a"
RECORD = {
    "public_id": "AQEBAQEBAQEBAQEB",
    "at": NOW,
    "granted": "",
    "refused": "preferences,statistics",
    "source": "page",
    "language": "ru",
    "wording": WORDING_HASH,
    "declarations": DECLARED_HASH,
    "edition": "2026-11-01",
    "replaces": None,
    "chain": "bb6ce7011cabc95f16c1e8b2cca5389d62ff92d8555e363240f434f447fa6136",
}
LATER_RECORD = {
    **RECORD,
    "public_id": "AgICAgICAgICAgIC",
    "granted": "preferences",
    "refused": "statistics",
    "replaces": "AQEBAQEBAQEBAQEB",
    "chain": "a0898aba371f78f5db222b10d36128b7de4e5f80722519cf187931be3c2e5b29",
}
ACTION = {
    "at": NOW,
    "staff": None,
    "action": "staff.given",
    "operation": "alteration",
    "person": 1,
    "what": "privacy",
    "reason": "",
    "chain": "089a0a5384fc1235be9804a4980cd11a69ae2d4984de97419cbe80580787bdbf",
}
LATER_ACTION = {
    "at": NOW,
    "staff": 1,
    "action": "people.opened",
    "operation": "access",
    "person": 2,
    "what": "",
    "reason": WHY,
    "chain": "2197710f776fa180ba317ac06e1901977d439eee04d3a4ca9ea6f7647a36a18b",
}


CHAIN_KEY = {
    "chain": "staff_action",
    "nonce": "0a" * 32,
    "made_with": formats.SECRET_NAME,
}
VOUCHER = "a054c56177f57d1805fe45bda4439f96e05d51b840450890e6a4c2e41afc5ad1"
SAID = "Проверка обращения"
SEALED_ACTION = {
    **LATER_ACTION,
    "reason": "",
    "sealed": "9c0c7c22f0309e3a11e81577150313c78bd3b30b1066fb6e6cba0427f7f4c662",
    "chain": "62645683af14a52ef31575bae4f84e2e8b745747dc92f357091a9cf24949cbae",
}


def insert(table: str, *rows: Mapping[str, object]) -> None:
    with db.engine.begin() as connection:
        connection.execute(db.metadata.tables[table].insert(), rows)


def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signed(body: str) -> str:
    """Return the consent cookie of `body`, by the rule and not by the code."""
    key = hmac.digest(SECRET.encode(), b"neupusti consent cookie 1", "sha256")
    signature = hmac.digest(key, body.encode(), "sha256")[:16]
    return f"{body}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def granting() -> str:
    """Return the cookie of the story's grant: its marks are hashes of what is declared."""
    with db.engine.connect() as connection:
        kept = connection.execute(
            text("SELECT canonical, sha256 FROM consent_declarations")
        )
        declared, digest = kept.one()
    said = json.loads(declared)
    assert declared == canonical(said)
    assert digest == sha256(declared.encode()).hexdigest()
    grants = ""
    for category in ("preferences", "statistics", "marketing"):
        if category in said:
            mark = sha256(canonical(said[category]).encode()).digest()
            grants += category[0] + urlsafe_b64encode(mark).decode()[:8]
    return signed(f"1.{grants}.tow640.AgICAgICAgICAgIC")


@pytest.fixture
def result(app: Flask) -> Iterator[StoryResult]:
    """The story, played."""
    with fixed() as dice:
        yield Story(app, dice).play()


def test_cookies_codes_and_rows_are_what_they_were(app: Flask, result: StoryResult) -> None:
    kept = {name: result.cookies[name] for name in formats.COOKIES}
    assert kept == formats.COOKIES
    assert result.cookies["consent of grant"] == granting()
    assert result.totp == formats.TOTP
    assert formats.RECOVERY_CODE in result.codes
    assert missing(formats.ROWS) == {}
    emails = json.loads(printed(app, "mail", "list", "--json"))
    assert formats.MESSAGE_ID in [one["headers"]["Message-ID"] for one in emails]


def test_the_chain_of_consents_is_the_one_that_was_kept(app: Flask) -> None:
    insert(
        "consent_declarations", {"sha256": DECLARED_HASH, "canonical": DECLARED, "at": NOW}
    )
    insert(
        "consent_wording",
        {
            "sha256": WORDING_HASH,
            "surface": "page",
            "language": "ru",
            "declarations": DECLARED_HASH,
            "text": WORDING,
            "at": NOW,
        },
    )
    insert("consent_record", RECORD, LATER_RECORD)
    assert "sound" in printed(app, "consent", "verify", "--head", str(RECORD["chain"]))
    with fixed():
        choose(app.test_client(), "reject")
    assert "records   3" in printed(app, "consent", "verify")
    insert("consent_record", {**RECORD, "public_id": "B" * 16, "chain": BEGINNING})
    assert command(app, "consent", "verify")[0] == 1


def test_the_chain_of_the_staff_is_the_one_that_was_kept(app: Flask) -> None:
    insert("staff_action", ACTION, LATER_ACTION)
    printed(app, "journal", "verify")
    printed(app, "staff", "add", DANA.email, "--permission", "orders")
    printed(app, "journal", "verify")
    insert("staff_action", {**ACTION, "chain": BEGINNING})
    assert command(app, "journal", "verify")[0] == 1


def test_the_sealed_chain_of_the_staff_is_the_one_that_is_kept(app: Flask) -> None:
    """A row of an earlier version with its voucher, and one with the key of the chain."""
    insert("chain_key", CHAIN_KEY)
    insert("staff_action", {**ACTION, "id": 1, "sealed": "", "voucher": VOUCHER})
    insert("staff_action", {**SEALED_ACTION, "id": 2})
    insert("act_words", {"act": 2, "at": NOW, "salt": "0b" * 32, "words": SAID})
    printed(app, "journal", "verify")
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM act_words"))
    printed(app, "journal", "verify")
    insert("act_words", {"act": 2, "at": NOW, "salt": "0b" * 32, "words": WHY})
    assert command(app, "journal", "verify")[0] == 1


def enumerations() -> list[set[str]]:
    """Return the words of every enumeration of the site."""
    found, kinds = [], [StrEnum]
    while kinds:
        kinds += (below := kinds.pop().__subclasses__())
        found += [{one.value for one in k} for k in below if "neupusti." in k.__module__]
    return found


@pytest.mark.parametrize("words", formats.WORDS, ids=lambda words: words[:24])
def test_the_words_in_columns_cookies_and_variables_stay(words: str) -> None:
    kept = set(words.split("; " if ";" in words else None))
    assert [here for here in enumerations() if kept <= here]


def test_the_names_in_rows_and_on_the_wire_stay(made: Callable[..., Flask]) -> None:
    app = made()
    with app.app_context():
        email_types = {one.name for one in registry().emails}
        actions = {one.code for one in registry().staff_actions}
        tables = {name for one in db.metadatas.values() for name in one.tables}
    assert {f"accounts.{name}" for name in formats.EMAIL_TYPES.split()} <= email_types
    assert {f"staff.{name}" for name in formats.STAFF_EMAIL_TYPES.split()} <= email_types
    assert set(formats.STAFF_ACTIONS.split()) <= actions
    assert set(formats.TABLES.split()) <= tables


def test_the_names_of_cookies_and_settings_stay(made: Callable[..., Flask]) -> None:
    listed = printed(made(), "consent", "cookies").split()
    assert set(formats.COOKIE_NAMES.split()) <= set(listed)
    public = printed(made(**PRODUCTION), "consent", "cookies")
    assert {f"__Host-{name}" for name in formats.COOKIE_NAMES.split()} <= set(
        public.split()
    )
    table = printed(made(), "site", "settings")
    for name in formats.SETTINGS.split():
        assert f"| `NEUPUSTI_{name}` |" in table

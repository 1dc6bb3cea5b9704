"""The terms, read from `terms.toml` when they are first asked for."""

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

FILE = Path(__file__).with_name("terms.toml")


class Unit(StrEnum):
    """What a term is counted in. No law counts hours here."""

    WORKING_DAY = "working day"
    CALENDAR_DAY = "calendar day"
    YEAR = "year"
    """A calendar year, which is the tax period."""


class Start(StrEnum):
    """What a term begins with."""

    RECEIPT = "receipt"
    """Not with the proof of who asks: asking for it does not stop the clock."""
    DISCOVERY = "discovery"
    DELIVERY = "delivery"
    SIGN_UP = "sign-up"
    NEXT_TAX_PERIOD = "next tax period"


class Act(StrEnum):
    """Where a term is laid down."""

    PERSONAL_DATA = "94-V"
    CONSUMERS = "274-IV"
    INCIDENTS = "44-VIII"
    DIGITAL_CODE = "digital code"
    TAX_CODE = "tax code"
    POLICY = "policy"


class Certainty(StrEnum):
    """How it is known."""

    READ = "read"
    """In the text of the law."""
    PRESS = "press"
    PROMISE = "promise"
    """Of the policy: it binds whatever the law says."""
    OPEN = "to be confirmed"


class UnknownTermError(ValueError):
    """No term has this code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term, and where it comes from."""

    code: str
    amount: int
    unit: Unit
    start: Start
    act: Act
    article: str
    """Of a law the article, of the policy the clause; empty: not known."""
    since: date | None
    """In force since; None: not known."""
    certainty: Certainty
    seen: date
    """When the source was last looked at."""

    @classmethod
    def from_toml(cls, entry: dict[str, Any]) -> Self:
        """Return the term of an entry of the file."""
        return cls(
            code=entry["code"],
            amount=entry["amount"],
            unit=Unit(entry["unit"]),
            start=Start(entry["start"]),
            act=Act(entry["act"]),
            article=entry["article"],
            since=entry.get("since"),
            certainty=Certainty(entry["certainty"]),
            seen=entry["seen"],
        )

    @property
    def version(self) -> str:
        """The term as it was counted, to be stored with a date."""
        return f"{self.amount} {self.unit} from {self.start}"


@cache
def terms() -> dict[str, Term]:
    """Return every term by its code, in the order of the file."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["term"]
    found = [Term.from_toml(entry) for entry in entries]
    return {term.code: term for term in found}


def term(code: str) -> Term:
    """Return the term of `code`; raise UnknownTermError."""
    try:
        return terms()[code]
    except KeyError:
        raise UnknownTermError(f"There is no term {code}.") from None

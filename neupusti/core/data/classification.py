"""Column types: the clause a value falls under and the purposes it may be used for.

Every column is marked as personal, with clause and purposes, or as impersonal; a contract
test fails on an unmarked one (preamble, 1.1.2, 6.2.1).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Column, Date, Integer, String, Table, Text
from sqlalchemy.orm import mapped_column

from neupusti.core.data.database import Utc

MARK = "classification"


class Purpose(StrEnum):
    """What personal data may be used for: section 4 of the policy, one value per clause."""

    IDENTIFICATION = "4.1.1"
    PERSONAL_PAGES = "4.1.2"
    FEEDBACK = "4.1.3"
    LOCATION = "4.1.4"
    CONFIRMATION = "4.1.5"
    ACCOUNT = "4.1.6"
    NOTICES = "4.1.7"
    SUPPORT = "4.1.8"
    NEWS = "4.1.9"
    ADVERTISING = "4.1.10"


@dataclass(frozen=True, slots=True)
class Classification:
    """What a column holds: a clause of section 3 and its purposes, or nothing personal."""

    clause: str | None = None
    purposes: tuple[Purpose, ...] = ()
    subject: bool = False
    """Whether it holds the number of the person the row is about."""
    actor: bool = False
    """Whether it holds the number of the person who acted."""
    secret: bool = False
    """Whether nobody may read it, not even whom it is about: it is in no export."""
    derived: bool = False
    """Whether it only repeats other columns in a form for machines: no export needs it."""
    keyed_by: str | None = None
    """Of the keyed hash of an address: the use of its key (`core.data.keys`)."""

    @property
    def personal(self) -> bool:
        """Whether the column holds personal data."""
        return self.clause is not None

    @property
    def about_people(self) -> bool:
        """Whether the data map lists it."""
        return self.personal or self.names_person or self.secret

    @property
    def names_person(self) -> bool:
        """Whether it holds a person's number: its table must be in some holding."""
        return self.subject or self.actor


def personal(clause: str, *purposes: Purpose) -> dict[str, Any]:
    """Mark a column as personal data of `clause`, usable for `purposes` only."""
    if not purposes:
        raise ValueError(f"personal data of clause {clause} without a purpose")
    return {MARK: Classification(clause, purposes)}


def impersonal() -> dict[str, Any]:
    """Mark a column as holding nothing about a person."""
    return {MARK: Classification()}


def secret() -> dict[str, Any]:
    """Mark a column as a secret or what leads to one: a hash, nonce, mask or token."""
    return {MARK: Classification(secret=True)}


def derived(clause: str, *purposes: Purpose, keyed_by: str | None = None) -> dict[str, Any]:
    """Mark a column as personal data of `clause` that is computed from other columns."""
    mark = personal(clause, *purposes)[MARK]
    return {MARK: replace(mark, derived=True, keyed_by=keyed_by)}


def subject() -> dict[str, Any]:
    """Mark a column as the number of the person its row is about."""
    return {MARK: Classification(subject=True)}


def actor() -> dict[str, Any]:
    """Mark a column as the number of the person who acted."""
    return {MARK: Classification(actor=True)}


def classification(column: Any) -> Classification | None:
    """Return the mark of `column`, or None if it has none."""
    found: Classification | None = column.info.get(MARK)
    return found


def person_columns(table: Table) -> list[Column[Any]]:
    """Return the columns of `table` that hold a person's number."""
    return [c for c in table.columns if (mark := classification(c)) and mark.names_person]


def personal_columns(table: Table) -> dict[str, Classification]:
    """Return the personal columns of `table` by name."""
    marks = {column.key: classification(column) for column in table.columns}
    return {
        name: mark for name, mark in marks.items() if mark is not None and mark.personal
    }


# What people type: each type has one clause, and lists every permitted purpose.
COMMON_PURPOSES = (Purpose.IDENTIFICATION, Purpose.PERSONAL_PAGES, Purpose.FEEDBACK)
FamilyName = Annotated[
    str,
    mapped_column(String(100), info=personal("3.2.1", *COMMON_PURPOSES, Purpose.ACCOUNT)),
]
GivenName = Annotated[
    str,
    mapped_column(
        String(100),
        info=personal("3.2.1", *COMMON_PURPOSES, Purpose.ACCOUNT, Purpose.NOTICES),
    ),
]
Patronymic = FamilyName
Phone = Annotated[
    str,
    mapped_column(String(16), info=personal("3.2.2", *COMMON_PURPOSES, Purpose.ACCOUNT)),
]
Email = Annotated[
    str,
    mapped_column(
        String(254),
        info=personal(
            "3.2.3",
            *COMMON_PURPOSES,
            Purpose.CONFIRMATION,
            Purpose.ACCOUNT,
            Purpose.NOTICES,
        ),
    ),
]
"""An address as `core.text.emails.parse` returns it."""
EmailKey = Annotated[
    str,
    mapped_column(
        String(254), info=derived("3.2.3", Purpose.IDENTIFICATION, Purpose.CONFIRMATION)
    ),
]
"""The same by `core.text.emails.key`: unique to one person."""
Device = Annotated[
    str,
    mapped_column(
        String(120), info=personal("3.4", Purpose.IDENTIFICATION, Purpose.LOCATION)
    ),
]
"""What a person signed in with: «Firefox, Linux»."""
PersonalText = Annotated[
    str, mapped_column(Text, info=personal("3.4", Purpose.NOTICES, Purpose.FEEDBACK))
]
"""What was written to or about a person."""
PersonNumber = Annotated[int, mapped_column(Integer, index=True, info=subject())]
"""Whom a row is about, where the row outlives the person: no foreign key."""

ActorNumber = Annotated[int, mapped_column(Integer, index=True, info=actor())]
"""Who acted: a person or a member of staff, by number."""

Id = Annotated[int, mapped_column(primary_key=True, info=impersonal())]
"""The number of a row, which no later row ever gets: links, keys and journals name it.

A migration that makes or copies a table says `sqlite_autoincrement=True`.
"""
Moment = Annotated[datetime, mapped_column(Utc, info=impersonal())]
Day = Annotated[date, mapped_column(Date, info=impersonal())]
Label = Annotated[str, mapped_column(String(120), info=impersonal())]
LongText = Annotated[str, mapped_column(Text, info=impersonal())]
Digest = Annotated[str, mapped_column(String(64), info=impersonal())]
"""A hash or a commitment that may be shown."""
TokenDigest = Annotated[str, mapped_column(String(64), info=secret())]
"""The hash under which a token, a key or a cookie is known."""
Nonce = Annotated[str, mapped_column(String(64), info=secret())]
"""The random part from which a key is derived (`core.data.keys`), or a salt."""
SecretMask = Annotated[str, mapped_column(String(64), info=secret())]
"""What turns the key of the present secret into that of a former one."""
SecretFingerprint = Annotated[str, mapped_column(String(16), info=impersonal())]
"""The site secret a key is derived from (`core.data.keys`); None: the oldest known."""
IpAddress = Annotated[
    str,
    mapped_column(String(45), info=personal("3.3", Purpose.LOCATION, Purpose.SUPPORT)),
]
"""An IPv4 or IPv6 address in its canonical form, or "unknown" (1.1.8)."""
Browser = Annotated[str, mapped_column(String(400), info=personal("3.3", Purpose.SUPPORT))]
"""The User-Agent header, unchanged."""
Referrer = Annotated[str, mapped_column(String(300), info=personal("3.3", Purpose.SUPPORT))]
"""The page a visitor came from, without its query."""
CookieNames = Annotated[
    str, mapped_column(String(400), info=personal("3.3", Purpose.SUPPORT))
]
"""Names of cookies, never their values."""
VisitorId = Annotated[str, mapped_column(String(40), info=personal("3.3", Purpose.SUPPORT))]
"""The random id of a browser whose owner agreed to statistics."""

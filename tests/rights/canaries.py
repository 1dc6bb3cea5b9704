"""A row about one person in every table of people: a canary in each text and moment.

It is made of the metadata and of the manifests: a new table or column is in it by itself.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table, insert
from sqlalchemy.orm import Session

from neupusti.accounts.models import Photo
from neupusti.accounts.service import avatar
from neupusti.core.blocking.models import Tombstone
from neupusti.core.data import files, finding, keys
from neupusti.core.data.classification import Classification, classification
from neupusti.core.data.database import Base
from neupusti.core.data.finding import EMAIL_CLAUSE, PHONE_CLAUSE
from neupusti.core.records import consents
from neupusti.core.records.consents import ConsentText
from neupusti.core.records.holds import PlacedHold
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.rights.models import Export
from tests import people

AT = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
CHOICES = re.compile(r"^\"?(\w+)\"? IN \('([^']+)'")
NUMBERS = {"goods": 3, "fee": 2, "total": 5, "cancelled": 0, "returned": 0}
"""Where a constraint ties a number to others; 1 fits everywhere else."""
STAFF = 9000
"""Who acted in each row: a member of staff."""
SHORTEST = 7
PLAIN = {str: "ru", int: 1, bool: False, date: AT.date()}
TOMBSTONE = Tombstone.__table__
ids = count(1000)


@dataclass
class Planted:
    """What was planted for one person; `person` None is a guest."""

    who: people.Person
    person: int | None
    without: frozenset[str] = frozenset()
    """Tables that get no row, as one that holds an address once."""
    canaries: dict[str, str] = field(default_factory=dict)
    """Column -> what must be in their export."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Column -> what must be in no export."""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exported = exported()

    def plant(self, session: Session) -> None:
        """Insert the rows in the open write transaction."""
        names = needed() - self.without
        # Beside a tombstone nothing more about its person can be stored.
        tables = sorted(Base.metadata.sorted_tables, key=lambda one: one is TOMBSTONE)
        for table in tables:
            if table.name in names and self._may_have(table):
                row = {column.name: self._value(column) for column in table.columns}
                if table.name == ConsentText.__tablename__:
                    row["sha256"] = consents.digest(row["text"])
                self.rows[table.name] = row
                session.execute(insert(table).values(row))

    def _may_have(self, table: Table) -> bool:
        parents = {key.column.table.name for key in table.foreign_keys} - {table.name}
        named = any(not column.nullable for column in finding.subjects(table))
        is_guest, about = self.person is None, is_about(table)
        if about and is_guest and (named or not is_about(table, by_address=True)):
            return False
        return parents <= self.rows.keys()

    def _value(self, column: Column[Any]) -> Any:
        if column is PlacedHold.__table__.c.number:
            return None  # it is on the person, and so on no order
        mark = classification(column) or Classification()
        for key in column.foreign_keys:
            own = key.column.table is column.table
            return None if own else self.rows[key.column.table.name][key.column.name]
        if mark.names_person:
            return self.person if mark.subject else STAFF
        return choices(column.table).get(column.name) or self._own_value(column, mark)

    def _own_value(self, column: Column[Any], mark: Classification) -> Any:
        kind = getattr(column.type, "impl_instance", column.type).python_type
        if column.primary_key and kind is int:
            return next(ids)
        if kind is datetime:
            at = AT + timedelta(seconds=next(ids))
            if str(column) in self.exported:
                self.canaries[str(column)] = at.isoformat()
            return at
        if kind is str and (length_of(column) or SHORTEST) >= SHORTEST:
            return self._text(column, mark)
        return NUMBERS.get(column.name, PLAIN[kind])

    def _text(self, column: Column[Any], mark: Classification) -> str:
        is_file = column is Export.__table__.columns["name"]
        made = files.new_name() if is_file else f"zq{next(ids)}{self.who.email[0]}"
        text = self._special(column, mark) or made
        if mark.secret or mark.keyed_by:
            self.secrets[str(column)] = text
        elif not mark.derived and str(column) in self.exported:
            self.canaries[str(column)] = text
        if length_of(column) is None and mark.personal and not mark.derived:
            secret = f"{next(ids)}{self.who.email[0]}".rjust(43, "t")
            self.secrets[f"{column} (a link)"] = secret
            return f"{text} http://127.0.0.1:8000/reset/{secret}"
        return text

    def _special(self, column: Column[Any], mark: Classification) -> str | None:
        if column.table is Photo.__table__ and column.name == "name":
            picture = b"RIFF0000WEBP" + f"zq{next(ids)}{self.who.email[0]}".encode()
            self.canaries["the file of the photo"] = picture[12:].decode()
            return files.store(avatar.FOLDER, picture)
        if mark.clause == EMAIL_CLAUSE:
            if mark.keyed_by:
                return keys.keyed(mark.keyed_by, emails.key(self.who.email))
            found = {one.name for one in finding.contacts(column.table, EMAIL_CLAUSE)}
            if column.name not in found:
                return self.who.email
            return emails.key(self.who.email) if mark.derived else None
        if mark.clause == PHONE_CLAUSE and not mark.derived:
            return f"+7701{next(ids):07}"
        return None


def length_of(column: Column[Any]) -> int | None:
    """Return how long a text may be; None: as long as it likes."""
    found: int | None = column.type.length  # type: ignore[attr-defined]
    return found


def choices(table: Table) -> dict[str, str]:
    """Return column -> the first of the values that a constraint allows."""
    rules = (one for one in table.constraints if isinstance(one, CheckConstraint))
    found = (CHOICES.match(str(rule.sqltext)) for rule in rules)
    return {match[1]: match[2] for match in found if match}


def needed() -> set[str]:
    """Return the tables with rows about people, and those that they refer to."""
    known = (one.model.__table__ for one in registry().holdings)
    names = {table.name for table in known if is_about(table)}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in names:
            names |= {key.column.table.name for key in table.foreign_keys}
    return names


def exported() -> set[str]:
    """Return the columns whose texts must be in the export of whom a row is about."""
    seen = (one for one in registry().holdings if not one.unseen)
    tables = (one.model.__table__ for one in seen)
    return {str(c) for table in tables if is_about(table) for c in table.columns}


def is_about(table: Table, *, by_address: bool = False) -> bool:
    """Return whether a row can be about a person, and not only name who acted."""
    clauses = (EMAIL_CLAUSE, PHONE_CLAUSE)
    own = [column for clause in clauses for column in finding.contacts(table, clause)]
    own += [] if by_address else finding.subjects(table)
    parents = {key.column.table for key in table.foreign_keys} - {table}
    return bool(own) or any(is_about(parent, by_address=by_address) for parent in parents)

"""Find the rows about a person in any table, by how its columns are marked (6.1.3).

A row is about the person whose number it has; one without a number is about the owner of
the address or the phone in it, or about those whom the row it refers to is about. Nothing
is declared a second time: a table is found as soon as its columns are marked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Select,
    Table,
    and_,
    case,
    false,
    func,
    or_,
    select,
    union_all,
)

from neupusti.core.data import keys
from neupusti.core.data.classification import classification
from neupusti.core.text import emails

EMAIL_CLAUSE, PHONE_CLAUSE = "3.2.3", "3.2.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whom a request is about; each value that is given was proved to be theirs.

    Without a number only rows without an account are theirs: a mailbox is not the person.
    """

    person: int | None = None
    email_key: str | None = None
    """`core.text.emails.key` of the address."""
    phone: str | None = None
    """In E.164; only where a member of staff saw a proof of it."""

    def owns_text(self, value: object) -> bool:
        """Return whether `value` is this address or phone."""
        is_email = isinstance(value, str) and emails.key(value) == self.email_key
        return is_email or (value is not None and value == self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """Everybody whose numbers and addresses two queries select, each of one column.

    No query can compute a keyed hash: where a table has only that, it finds nobody.
    """

    person: Select[Any]
    email_key: Select[Any]
    phone: None = None
    of_one_row: bool = False
    """Whether one row is asked about, as by a trigger: each query then looks up its value
    by an index, instead of selecting everybody once for many rows."""

    def has(self, column: ColumnElement[Any], chosen: Select[Any]) -> ColumnElement[bool]:
        """Return the condition that `chosen` selects the value of `column`."""
        if not self.of_one_row:
            return column.in_(chosen)
        return chosen.where(chosen.selected_columns[0] == column).exists()


class Tie(StrEnum):
    """What a row has to do with a person."""

    OWN = "own"
    """It is about them."""
    ACTED = "acted"
    """It is about another, and they acted in it, as a member of staff does."""
    MENTIONED = "mentioned"
    """It is another's, who gave this address or phone as well."""


@cache
def subjects(table: Table) -> list[Column[Any]]:
    """Return the columns with the number of the person a row is about."""
    return [c for c in table.columns if (mark := classification(c)) and mark.subject]


@cache
def actors(table: Table) -> list[Column[Any]]:
    """Return the columns with the number of who acted."""
    return [c for c in table.columns if (mark := classification(c)) and mark.actor]


@cache
def contacts(table: Table, clause: str) -> list[Column[Any]]:
    """Return the columns by which a row is found for an address or a phone.

    Of addresses that is the key or the keyed hash where there is one: it has an index.
    """
    marks = ((column, classification(column)) for column in table.columns)
    found = [(c, mark) for c, mark in marks if mark and mark.clause == clause]
    made = [c for c, mark in found if mark.derived and clause == EMAIL_CLAUSE]
    return made or [c for c, mark in found if not mark.derived]


def is_found(table: Table) -> bool:
    """Return whether rows of `table` can be about a person at all."""
    return bool(_owners(table)) or any(is_found(key.column.table) for key in _keys(table))


def own(table: Table, whose: Whose | Among) -> ColumnElement[bool]:
    """Return the condition of the rows that are about `whose`."""
    return or_(false(), *_ways(table, whose))


def _ways(table: Table, whose: Whose | Among) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each way in which a row is about `whose`."""
    numbers = subjects(table)
    if whose.person is not None:
        yield from (_is(column, whose, whose.person) for column in numbers)
    if all(column.nullable for column in numbers):
        # Of many rows SQLite would walk all that are nobody's, by the index of the number.
        nobodys = [(c + 0 if _is_scan(whose) else c).is_(None) for c in numbers]
        yield from (and_(*nobodys, match) for match in matches(table, whose))
    yield from _within(table, whose, own)


def _is_scan(whose: Whose | Among) -> bool:
    return isinstance(whose, Among) and not whose.of_one_row


def acted(table: Table, whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the rows in which `whose` acted.

    What names nobody who acted belongs to the row it refers to, as words to their act.
    """
    if whose.person is None:
        return false()
    if found := actors(table):
        return or_(*(column == whose.person for column in found))
    return or_(false(), *_within(table, whose, acted))


def mentioned(table: Table, whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the rows of anybody that hold the address or the phone."""
    if whose.person is None:
        return own(table, whose)
    return or_(false(), *matches(table, whose))


def tie(table: Table, whose: Whose, *, is_sent: bool = False) -> ColumnElement[str]:
    """Return the expression of what a found row has to do with `whose`: a `Tie`."""
    return case(
        (mentioned(table, whose) if is_sent else own(table, whose), Tie.OWN.value),
        (acted(table, whose), Tie.ACTED.value),
        else_=Tie.MENTIONED.value,
    )


def of_another(table: Table, whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the rows that are about somebody, and not about `whose`."""
    numbers, parts = subjects(table), []
    has_number = or_(false(), *(column.is_not(None) for column in numbers))
    parts.append(
        and_(has_number, *(column.is_distinct_from(whose.person) for column in numbers))
        if whose.person is not None
        else has_number
    )
    given = [c for clause in CLAUSES for c in contacts(table, clause)]
    if given:
        own_contact = or_(false(), *matches(table, whose))
        is_given = or_(*(column.is_not(None) for column in given))
        parts.append(and_(~has_number, is_given, ~func.coalesce(own_contact, false())))
    return or_(false(), *parts, *_within(table, whose, of_another))


def matches(table: Table, whose: Whose | Among) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a column holds the address or the phone of `whose`."""
    if whose.email_key is not None:
        for column in contacts(table, EMAIL_CLAUSE):
            mark = classification(column)
            if mark and mark.keyed_by:
                if isinstance(whose.email_key, str):
                    yield column.in_(keys.keyed_all(mark.keyed_by, whose.email_key))
            elif mark and mark.derived:
                yield _is(column, whose, whose.email_key)
            else:  # the parts of an address are ASCII, which every database can lower
                yield _is(func.lower(column), whose, whose.email_key)
    if whose.phone is not None:
        yield from (c == whose.phone for c in contacts(table, PHONE_CLAUSE))


CLAUSES = (EMAIL_CLAUSE, PHONE_CLAUSE)


def _is(
    column: ColumnElement[Any], whose: Whose | Among, value: object
) -> ColumnElement[bool]:
    if isinstance(whose, Among):
        return whose.has(column, cast("Select[Any]", value))
    return column == value


def _within(
    table: Table,
    whose: Whose | Among,
    condition: Callable[[Table, Any], ColumnElement[bool]],
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a row belongs to one for which `condition` holds."""
    for key in parents(table):
        parent = key.column.table
        found: Any = select(key.column).where(condition(parent, whose))
        if condition is own and _is_scan(whose) and (ways := [*_ways(parent, whose)]):
            # Each way has its index, which is not used where they stand in one condition.
            found = union_all(*(select(key.column).where(way) for way in ways))
        yield (
            whose.has(key.parent, found)
            if isinstance(whose, Among)
            else (key.parent.in_(found))
        )


def _owners(table: Table) -> list[Column[Any]]:
    given = (c for clause in CLAUSES for c in contacts(table, clause))
    return [*subjects(table), *actors(table), *given]


def _keys(table: Table) -> list[ForeignKey]:
    """Return the foreign keys to other tables, in a fixed order."""
    found = (key for key in table.foreign_keys if key.column.table is not table)
    return sorted(found, key=lambda key: key.parent.name)


def parents(table: Table) -> list[ForeignKey]:
    """Return the keys to rows whose owner is that of this row, too.

    A row with an address, or with a number in every case, names its owner itself.
    """
    named = any(not column.nullable for column in subjects(table))
    if named or any(contacts(table, clause) for clause in CLAUSES):
        return []
    return [key for key in _keys(table) if is_found(key.column.table)]

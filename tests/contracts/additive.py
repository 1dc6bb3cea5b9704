"""What a migration may do while copies of the version before go on serving."""

import re
from collections.abc import Iterable

ADDS = re.compile(
    r"CREATE (TABLE|INDEX|FUNCTION|TRIGGER) |(INSERT|UPDATE|SELECT|WITH|LOCK|SET LOCAL) "
    r"|DROP (TRIGGER|FUNCTION IF EXISTS) guard_"
)
TABLE = re.compile(r"CREATE TABLE (\w+)")
COLUMN = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) (.*)")
ALTERED = re.compile(r"ALTER TABLE (\w+) ")
UNIQUE = re.compile(r"CREATE UNIQUE INDEX \w+ ON (\w+) \((.*?)\)")


def refused(statements: Iterable[str]) -> list[str]:
    """Return which statements take from the version before something that it relies on.

    A column that has to be given, and one that has to be unique, refuse what it writes.
    """
    new: set[str] = set()
    found = []
    for statement in (" ".join(one.split()) for one in statements):
        if table := TABLE.match(statement):
            new.add(table[1])
        if column := COLUMN.match(statement):
            new.add(f"{column[1]}.{column[2]}")
            fine = "NOT NULL" not in column[3] or "DEFAULT" in column[3]
        elif unique := UNIQUE.match(statement):
            columns = {f"{unique[1]}.{name.strip()}" for name in unique[2].split(",")}
            fine = unique[1] in new or bool(columns & new)
        else:
            altered = ALTERED.match(statement)
            fine = bool(ADDS.match(statement) or (altered and altered[1] in new))
        if not fine:
            found.append(statement)
    return found

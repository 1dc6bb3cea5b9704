"""The first values of each of many days, in one statement."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Integer, Select, literal, select, text, union_all

MOST_NAMES = 1500
"""More names in a query cost more than a look at every value."""
Top = list[tuple[str, int]]
"""The first values of one day with their requests."""
Key = TypeVar("Key")
AGGREGATE = {
    "sqlite": "json_group_array(json_array(value, requests))",
    "postgresql": "json_agg(json_build_array(value, requests))",
}
EACH = {
    "sqlite": "json_each(:{0}) AS {0}",
    "postgresql": "unnest(CAST(:{0} AS {1}[])) AS {0} (value)",
}


class First(NamedTuple):
    """The values that may lead many days, and what any other can have at most."""

    names: set[str]
    bound: int


def tops(
    connection: Connection,
    of_day: str,
    lists: Sequence[str],
    days: Iterable[date],
    depth: int,
) -> Mapping[str, list[Top]]:
    """Return the first `depth` values of each of `lists` on each of `days`, by requests.

    `of_day` selects `value` and `requests` of `lists.value` on `days.value`. Each day of a
    list reads an index as far as its depth; a statement for each would cost a way to the
    server and back, 90 of them for 90 days.
    """
    dialect = connection.dialect.name
    each = (EACH[dialect].format(*one) for one in (("lists", "text"), ("days", "date")))
    query = (
        f"SELECT lists.value, (SELECT {AGGREGATE[dialect]} FROM "  # noqa: S608 - ours
        f"({of_day} ORDER BY requests DESC LIMIT :depth) AS first) "
        f"FROM {' CROSS JOIN '.join(each)}"
    )
    values: dict[str, Any] = {"lists": [*lists], "days": [day.isoformat() for day in days]}
    if dialect == "sqlite":
        values = {name: json.dumps(some) for name, some in values.items()}
    found: dict[str, list[Top]] = {}
    for name, listed in connection.execute(text(query), {**values, "depth": depth}):
        top = json.loads(listed) if isinstance(listed, str) else listed
        found.setdefault(name, []).append(top or [])
    return found


def first(listed: Iterable[Top], depth: int, wanted: int) -> First:
    """Return which values may be among the first `wanted` of all days together.

    A value has what its days list, and at most the last entry of each full list besides.
    """
    sums: Counter[str] = Counter()
    bound = 0
    for top in listed:
        for value, requests in top:
            sums[value] += requests
        if len(top) == depth:
            bound += min(requests for _value, requests in top)
    certain = sums.most_common(wanted)
    least = certain[-1][1] - bound if len(certain) == wanted else 0
    return First({value for value, most in sums.items() if most >= least}, bound)


def together(
    connection: Connection, queries: Mapping[Key, Select[Any]]
) -> dict[Key, list[Any]]:
    """Return the rows of some queries with the same columns, read in one statement."""
    found: dict[Key, list[Any]] = {key: [] for key in queries}
    if found:
        parts = [query.subquery() for query in queries.values()]
        keys = [*queries]
        numbered = (
            select(literal(at, Integer).label("part"), *part.c)
            for at, part in enumerate(parts)
        )
        for row in connection.execute(union_all(*numbered)):
            found[keys[row.part]].append(row)
    return found

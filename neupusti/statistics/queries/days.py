"""The first values of each of many days, in one statement."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, TextClause, text


class First(NamedTuple):
    """The values of many days, and what any other can have at most, all days together."""

    names: set[str]
    bound: int


def first(
    connection: Connection, of_day: str, parts: Sequence[dict[str, str]], depth: int
) -> First:
    """Return the first `depth` values of each part, by requests.

    `of_day` selects a value and its requests from a table, with a name for each entry of a
    part. Each part reads an index as far as its depth; a statement for each would cost a
    way to the server and back, 90 of them for a list of 90 days.
    """
    if not parts:
        return First(set(), 0)
    values = {f"{name}_{at}": part[name] for at, part in enumerate(parts) for name in part}
    rows = connection.execute(
        _compound(of_day, tuple(parts[0]), len(parts)), {**values, "depth": depth}
    )
    listed: list[list[int]] = [[] for _part in parts]
    names = set()
    for at, value, requests in rows:
        names.add(value)
        listed[at].append(requests)
    bound = sum(min(found) for found in listed if len(found) == depth)
    return First(names, bound)


@lru_cache(maxsize=64)
def _compound(of_day: str, names: tuple[str, ...], size: int) -> TextClause:
    def part(at: int) -> str:
        where = " AND ".join(f"{name} = :{name}_{at}" for name in names)
        found = f"{of_day} WHERE {where} ORDER BY requests DESC LIMIT :depth"
        return f"SELECT {at}, part_{at}.* FROM ({found}) AS part_{at}"  # noqa: S608 - ours

    return text(" UNION ALL ".join(map(part, range(size))))

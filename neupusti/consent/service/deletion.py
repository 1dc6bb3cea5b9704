"""How a browser is made to forget a cookie of which only the name is known.

A browser sends neither path nor domain with a name, and forgets a cookie only under
both: so a name is expired under every pair that would have brought it here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from urllib.parse import quote

LIMIT = 20
"""Set-Cookie lines of one answer; what is left goes out with the next ones."""
HALF = LIMIT // 2
NAMES, NAME_LIMIT = 50, 256
"""How many names are dealt with at a time, and how long one may be."""
UNSAFE = re.compile(r"[\x00-\x1f\x7f;,=]")
NUMERIC = re.compile(r"[\d.]+|\[.*\]")

Place = tuple[str | None, str]
"""A domain (None: the host alone) and a path."""

_turn = count()


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What one browser is to forget: `known` where they are declared, `names` anywhere."""

    known: tuple[tuple[str, Place], ...]
    names: tuple[str, ...]
    host: str
    paths: tuple[str, ...]
    secure: bool
    begins: bool = False
    """Whether this is the answer to the choice itself: the likeliest places go first."""


def expiring(unwanted: Unwanted) -> list[str]:
    """Return at most LIMIT lines that expire what is unwanted, the likeliest first.

    Where there are more, the next answers give one half to the likeliest and the other
    to the rest in turn: each answer of this process goes on where the last one stopped,
    and the names that are still there come with the next request.
    """
    lines = _lines(unwanted)
    if len(lines) <= LIMIT or unwanted.begins:
        return list(lines[:LIMIT])
    first, others = lines[:HALF], lines[HALF:]
    start = next(_turn) * HALF % len(others)
    return list(first + (others + others)[start : start + HALF])


# A browser that keeps sending a name costs no more than the first time.
@lru_cache(256)
def _lines(unwanted: Unwanted) -> tuple[str, ...]:
    secure = unwanted.secure
    names = dict.fromkeys(n for n in unwanted.names if _spellable(n))
    paths = [prefix for path in unwanted.paths for prefix in prefixes(quote(path))]
    places = [
        *unwanted.known,
        *(
            (name, place)
            for place in _places(unwanted.host, paths)
            for name in list(names)[:NAMES]
            if place == (None, "/") or not name.lower().startswith("__host-")
        ),
    ]
    lines = [_line(name, place, secure=secure) for name, place in places]
    # A partitioned cookie is another one of the same name (CHIPS): last, for it is rare.
    lines += [
        f"{_line(name, place, secure=True)}; Partitioned"
        for name, place in places
        if place[1] == "/"
    ]
    return tuple(dict.fromkeys(lines))


def _spellable(name: str) -> bool:
    return len(name) <= NAME_LIMIT and not UNSAFE.search(name)


def prefixes(path: str) -> list[str]:
    """Return every cookie path that covers `path`, the shortest first.

    `/policy/2022/` is covered by `/`, `/policy`, `/policy/`, `/policy/2022` and itself.
    """
    found = ["/"]
    for place, letter in enumerate(path):
        if letter == "/" and place:
            found += [path[:place], path[: place + 1]]
    return list(dict.fromkeys([*found, path or "/"]))


def suffixes(host: str) -> list[str]:
    """Return the domains a cookie may have been set for so that `host` receives it.

    An address has none; a name of one label is a top-level domain, for which no browser
    takes a cookie.
    """
    name = re.sub(r":\d+$", "", host.lower())
    if NUMERIC.fullmatch(name):
        return []
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)]


def _places(host: str, paths: Iterable[str]) -> Iterator[Place]:
    domains = [None, *suffixes(host)]
    for path in dict.fromkeys(paths):
        yield from ((domain, path) for domain in domains)


def _line(name: str, place: Place, *, secure: bool) -> str:
    domain, path = place
    secured = secure or name.lower().startswith(("__host-", "__secure-"))
    # Without a name the pair is a lone value: `=` with nothing at all browsers ignore.
    return "; ".join(
        part
        for part in (
            f"{name}=" if name else "gone",
            "Max-Age=0",
            "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            f"Path={path}",
            f"Domain={domain}" if domain else "",
            "Secure" if secured else "",
        )
        if part
    )

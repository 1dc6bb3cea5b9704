"""How a browser is made to forget a cookie of which only the name is known.

A browser sends neither path nor domain with a name, and forgets a cookie only under
both: so a name is expired under every pair that would have brought it here.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count

LIMIT = 20
"""Set-Cookie lines of one answer; what is left goes out with the next ones."""
NAME_LIMIT = 256
UNSAFE = re.compile(r"[\x00-\x1f\x7f;,=]")
NUMERIC = re.compile(r"[\d.]+|\[.*\]")

Place = tuple[str | None, str]
"""A domain (None: the host alone) and a path."""

_turn = count()


def expiring(
    known: Iterable[tuple[str, Place]],
    names: Iterable[str],
    *,
    host: str,
    paths: Iterable[str],
    secure: bool,
) -> list[str]:
    """Return at most LIMIT lines that expire `known` where they are, `names` anywhere.

    The likeliest come first. Where there are more, each answer of this process goes on
    where the last one stopped; the names still there come with the next request.
    """
    named = [
        n for n in dict.fromkeys(names) if len(n) <= NAME_LIMIT and not UNSAFE.search(n)
    ]
    lines = [_line(name, place, secure=secure) for name, place in known]
    lines += [
        _line(name, place, secure=secure)
        for place in _places(host, paths)
        for name in named
        if place == (None, "/") or not name.lower().startswith("__host-")
    ]
    lines = list(dict.fromkeys(lines))
    if len(lines) <= LIMIT:
        return lines
    start = next(_turn) * LIMIT % len(lines)
    return (lines + lines)[start : start + LIMIT]


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

"""Delete this site's cookies in the browser, of which only the names are known.

A browser sends neither path nor domain with a name, but deletes a cookie only if both
match: so a name is expired under every pair that would have sent it here. The pairs are
numbered, and only the few lines of one response are ever built.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from typing import NamedTuple
from urllib.parse import quote

MAX_LINES = 20  # no mutation: any bound will do
"""Set-Cookie lines of one response; the rest follow with the next responses."""
HALF = MAX_LINES // 2  # no mutation: any bound will do
MAX_NAMES, MAX_NAME_CHARACTERS = 50, 256  # no mutation: any bound will do
"""How many names are expired at a time, and how long one may be."""
MAX_PATHS, MAX_PATH_CHARACTERS = 32, 1024  # no mutation: any bound will do
"""How many prefixes of a path are tried, twice as many as any page of ours has; and how
long one may be: a browser drops a longer `Path` (RFC 6265bis, 5.6)."""
MAX_DOMAINS = 8  # no mutation: any bound will do
CACHED = 64  # no mutation: any bound will do
"""How many sets of lines a process caches; a line is as long as a path at most."""
UNSAFE = re.compile(r"[\x00-\x1f\x7f;,=]")
NUMERIC = re.compile(r"[\d.]+|\[.*\]")

CookieScope = tuple[str | None, str]
"""A domain (None: host-only) and a path."""

_rotation = count()


@dataclass(frozen=True, slots=True)
class UnwantedCookies:
    """The cookies to expire: `declared` in their own scope, `names` in every scope."""

    declared: tuple[tuple[str, CookieScope], ...]
    names: tuple[str, ...]
    host: str
    paths: tuple[str, ...]
    secure: bool
    first_answer: bool = False
    """Whether this responds to the choice itself: the likeliest scopes go first."""


class _Block(NamedTuple):
    """Every combination of names, domains and paths; names vary fastest."""

    names: Sequence[str]
    domains: Sequence[str | None]
    paths: Sequence[str]
    partitioned: bool = False

    @property
    def size(self) -> int:
        """The number of combinations."""
        return len(self.names) * len(self.domains) * len(self.paths)

    def line(self, number: int, *, secure: bool) -> str:
        """Return the line of one combination."""
        rest, name = divmod(number, len(self.names))
        path, domain = divmod(rest, len(self.domains))
        scope = (self.domains[domain], self.paths[path])
        line = expiry_line(self.names[name], scope, secure=secure or self.partitioned)
        return f"{line}; Partitioned" if self.partitioned else line


def expiry_lines(unwanted: UnwantedCookies) -> list[str]:
    """Return at most MAX_LINES Set-Cookie lines that expire `unwanted`, likeliest first.

    If there are more, later responses give half of the lines to the likeliest and rotate
    the other half through the rest: each response of this process continues where the
    last one stopped, and names not yet deleted come back with the next request.
    """
    blocks, size, likeliest = _likeliest(unwanted)
    if size <= MAX_LINES or unwanted.first_answer:  # no mutation: all of them either way
        return list(likeliest)
    start = next(_rotation) * HALF
    rest = size - HALF
    others = (HALF + (start + i) % rest for i in range(HALF))  # no mutation: either way
    lines = (_line(blocks, number, secure=unwanted.secure) for number in others)
    return list(dict.fromkeys((*likeliest[:HALF], *lines)))


@lru_cache(CACHED)
def _likeliest(unwanted: UnwantedCookies) -> tuple[list[_Block], int, tuple[str, ...]]:
    """Return every combination, their number, and the lines of the likeliest."""
    blocks = _blocks(unwanted)
    size = sum(block.size for block in blocks)
    numbers = range(min(size, MAX_LINES))
    lines = (_line(blocks, number, secure=unwanted.secure) for number in numbers)
    return blocks, size, tuple(dict.fromkeys(lines))


def _blocks(unwanted: UnwantedCookies) -> list[_Block]:
    names = [*dict.fromkeys(islice(filter(_is_valid_name, unwanted.names), MAX_NAMES))]
    movable = [name for name in names if not name.lower().startswith("__host-")]
    paths = [*dict.fromkeys(p for path in unwanted.paths for p in cookie_paths(path))]
    domains = cookie_domains(unwanted.host)
    declared = [_Block([name], [scope[0]], [scope[1]]) for name, scope in unwanted.declared]
    roots = [
        *(block for block in declared if block.paths == ["/"]),
        _Block(names, [None], ["/"]),
        _Block(movable, domains, ["/"]),
    ]
    return [
        *(block for block in declared if block.paths != ["/"]),
        *roots,
        _Block(movable, [None, *domains], paths[1:]),  # no mutation: twice is once
        # A partitioned cookie is separate from its namesake (CHIPS); rare, so last.
        *(block._replace(partitioned=True) for block in roots),
    ]


def _line(blocks: list[_Block], number: int, *, secure: bool) -> str:
    for block in blocks:
        if number < block.size:
            return block.line(number, secure=secure)
        number -= block.size
    raise IndexError  # no mutation: never reached


def _is_valid_name(name: str) -> bool:
    return len(name) <= MAX_NAME_CHARACTERS and not UNSAFE.search(name)


def cookie_paths(path: str) -> list[str]:
    """Return the cookie paths that cover `path`, percent-encoded, the shortest first.

    `/policy/2022/` is covered by `/`, `/policy`, `/policy/`, `/policy/2022` and itself.
    """
    # Do not encode more than a browser would keep.
    whole = quote(path[: MAX_PATH_CHARACTERS + 1]) or "/"  # no mutation: cut again below
    found, end = ["/"], whole.find("/", 1)
    while (
        0 < end <= MAX_PATH_CHARACTERS  # no mutation: it is -1 or beyond the first slash
        and len(found) < MAX_PATHS  # no mutation: any bound will do
    ):
        found += [whole[:end], whole[: end + 1]]
        end = whole.find("/", end + 1)
    if end < 0 and len(whole) <= MAX_PATH_CHARACTERS:  # no mutation: never 0
        found.append(whole)
    return list(dict.fromkeys(found))


def cookie_domains(host: str) -> list[str]:
    """Return the domains of which a cookie would be sent to `host`.

    None for an IP address, or for a single label: browsers accept no cookie for a
    top-level domain.
    """
    name = re.sub(r":\d+$", "", host.lower())
    if NUMERIC.fullmatch(name):
        return []
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)][-MAX_DOMAINS:]


def expiry_line(name: str, scope: CookieScope, *, secure: bool) -> str:
    """Return the Set-Cookie line that expires `name` in one scope."""
    domain, path = scope
    line = f"{name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path={path}"
    if domain:
        line += f"; Domain={domain}"
    if secure or name.lower().startswith(("__host-", "__secure-")):
        line += "; Secure"
    return line

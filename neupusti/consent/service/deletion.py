"""How a browser is made to forget a cookie of which only the name is known.

A browser sends neither path nor domain with a name, and forgets a cookie only under
both: so a name is expired under every pair that would have brought it here. The pairs are
counted, and only the few lines of one answer are ever written.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import NamedTuple
from urllib.parse import quote

LIMIT = 20  # no mutation: any bound will do
"""Set-Cookie lines of one answer; what is left goes out with the next ones."""
HALF = LIMIT // 2  # no mutation: any share will do
NAMES, NAME_LIMIT = 50, 256  # no mutation: any bound will do
"""How many names are dealt with at a time, and how long one may be."""
PREFIXES, PATH_LIMIT = 32, 1024  # no mutation: any bound will do
"""How many of a path's prefixes count: twice as many as any page of ours has; and how
long one may be: a browser drops a longer `Path` (RFC 6265bis, 5.6)."""
DOMAINS = 8  # no mutation: any bound will do
UNSAFE = re.compile(r"[\x00-\x1f\x7f;,=]")
NUMERIC = re.compile(r"[\d.]+|\[.*\]")

Place = tuple[str | None, str]
"""A domain (None: the host alone) and a path."""

_turn = count()


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What one browser is to forget: `known` where they are declared, `names` anywhere."""

    known: tuple[tuple[str, Place], ...]
    names: Iterable[str]
    host: str
    paths: tuple[str, ...]
    secure: bool
    begins: bool = False
    """Whether this is the answer to the choice itself: the likeliest places go first."""


class _Block(NamedTuple):
    """Each of some names under each of some domains and paths, the names turning first."""

    names: Sequence[str]
    domains: Sequence[str | None]
    paths: Sequence[str]
    partitioned: bool = False

    @property
    def size(self) -> int:
        """How many lines it stands for."""
        return len(self.names) * len(self.domains) * len(self.paths)

    def line(self, number: int, *, secure: bool) -> str:
        """Return one of the lines."""
        rest, name = divmod(number, len(self.names))
        path, domain = divmod(rest, len(self.domains))
        place = (self.domains[domain], self.paths[path])
        line = expiry(self.names[name], place, secure=secure or self.partitioned)
        return f"{line}; Partitioned" if self.partitioned else line


def expiring(unwanted: Unwanted) -> list[str]:
    """Return at most LIMIT lines that expire what is unwanted, the likeliest first.

    Where there are more, the next answers give one half to the likeliest and the other
    to the rest in turn: each answer of this process goes on where the last one stopped,
    and the names that are still there come with the next request.
    """
    blocks = _blocks(unwanted)
    size = sum(block.size for block in blocks)
    numbers = list(range(min(size, LIMIT)))
    if size > LIMIT and not unwanted.begins:
        start = next(_turn) * HALF
        numbers[HALF:] = [HALF + (start + i) % (size - HALF) for i in range(HALF)]
    lines = (_numbered(blocks, number, secure=unwanted.secure) for number in numbers)
    return list(dict.fromkeys(lines))


def _blocks(unwanted: Unwanted) -> list[_Block]:
    names = [*dict.fromkeys(islice(filter(_spellable, unwanted.names), NAMES))]
    movable = [name for name in names if not name.lower().startswith("__host-")]
    paths = [*dict.fromkeys(p for path in unwanted.paths for p in prefixes(path))]
    domains = suffixes(unwanted.host)
    known = [_Block([name], [place[0]], [place[1]]) for name, place in unwanted.known]
    roots = [
        *(block for block in known if block.paths == ["/"]),
        _Block(names, [None], ["/"]),
        _Block(movable, domains, ["/"]),
    ]
    return [
        *(block for block in known if block.paths != ["/"]),
        *roots,
        _Block(movable, [None, *domains], paths[1:]),  # no mutation: twice is once
        # A partitioned cookie is another one of the same name (CHIPS): last, being rare.
        *(block._replace(partitioned=True) for block in roots),
    ]


def _numbered(blocks: list[_Block], number: int, *, secure: bool) -> str:
    for block in blocks:
        if number < block.size:
            return block.line(number, secure=secure)
        number -= block.size
    raise IndexError


def _spellable(name: str) -> bool:
    return len(name) <= NAME_LIMIT and not UNSAFE.search(name)


def prefixes(path: str) -> list[str]:
    """Return the cookie paths that cover `path`, percent-encoded, the shortest first.

    `/policy/2022/` is covered by `/`, `/policy`, `/policy/`, `/policy/2022` and itself.
    """
    # What a browser would not keep need not even be encoded.
    whole = quote(path[: PATH_LIMIT + 1]) or "/"  # no mutation: cut again below
    found, end = ["/"], whole.find("/", 1)
    while 0 < end <= PATH_LIMIT and len(found) < PREFIXES:
        found += [whole[:end], whole[: end + 1]]
        end = whole.find("/", end + 1)
    if end < 0 and len(whole) <= PATH_LIMIT:
        found.append(whole)
    return list(dict.fromkeys(found))


def suffixes(host: str) -> list[str]:
    """Return the domains a cookie may have been set for so that `host` receives it.

    An address has none; a name of one label is a top-level domain, for which no browser
    takes a cookie.
    """
    name = re.sub(r":\d+$", "", host.lower())
    if NUMERIC.fullmatch(name):
        return []
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)][-DOMAINS:]


def expiry(name: str, place: Place, *, secure: bool) -> str:
    """Return the line that expires `name` at one place."""
    domain, path = place
    # Without a name the pair is a lone value: `=` with nothing at all browsers ignore.
    line = f"{name}=" if name else "gone"
    line += f"; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path={path}"
    if domain:
        line += f"; Domain={domain}"
    if secure or name.lower().startswith(("__host-", "__secure-")):
        line += "; Secure"
    return line

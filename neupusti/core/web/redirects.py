"""Where a form leads back to: an address of this site, or nowhere."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from flask import request

LIMIT = 2000
REFERRER_LIMIT = LIMIT + 300
"""Of a Referer: an address of ours behind the name of the site."""
PLAIN = re.compile(r"/[!-\[\]-~]*", re.ASCII)
"""One slash, then visible ASCII without the backslash that browsers read as a slash."""


def is_own(address: str) -> bool:
    r"""Tell whether `address` is a path of this site that no browser reads otherwise.

    Browsers drop tabs and line ends, read `\` as `/` and `https:e` as a host; `//e` is a
    host, and so is `/.//e` once a server has tidied it up. None of them passes, as it is
    or percent-encoded once.
    """
    if len(address) > LIMIT or not PLAIN.fullmatch(address):
        return False
    parts = urlsplit(address)
    path = unquote(address.partition("?")[0].partition("#")[0])
    return (
        not parts.scheme
        and not parts.netloc
        and "//" not in path
        and "\\" not in path
        and path.isprintable()
        and not {".", ".."} & set(path.split("/"))
    )


def own(address: str | None, default: str) -> str:
    """Return `address` if it is one of this site, else `default`."""
    return address if address is not None and is_own(address) else default


def with_query(address: str, name: str, value: str) -> str:
    """Return `address` with the parameter `name` set to `value`, whatever it was before."""
    rest, hash_mark, fragment = address.partition("#")
    path, _, query = rest.partition("?")
    kept = [part for part in query.split("&") if part and part.split("=")[0] != name]
    return f"{path}?{'&'.join([*kept, f'{name}={value}'])}{hash_mark}{fragment}"


def back(default: str) -> str:
    """Return where a form was sent from: its field `next`, or else the Referer.

    The field holds a path, for a page kept for everybody knows no query; where the
    Referer is the same page, it brings the query back.
    """
    page = _split(request.referrer or "")
    came = page._replace(scheme="", netloc="", fragment="").geturl()
    from_here = page.netloc == request.host and is_own(came)
    given = request.form.get("next")
    if given is None:
        return came if from_here else default
    if from_here and page.path == given:
        return came
    return own(given, default)


def _split(referrer: str) -> SplitResult:
    try:
        # Cut, for the library keeps what it was last asked about, however long.
        return urlsplit(referrer[:REFERRER_LIMIT])
    except ValueError:
        return urlsplit("")

"""Safe redirects: only to addresses of this site."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from neupusti.core.text.languages import PREFIXED

LIMIT = 2000
REFERRER_LIMIT = LIMIT + 300
"""Of a Referer header: LIMIT and the host name."""
PLAIN = re.compile(r"/[!-\[\]-~]*", re.ASCII)
"""One slash, then visible ASCII without the backslash that browsers read as a slash."""


def is_own(address: str) -> bool:
    r"""Return whether every browser reads `address` as a path of this site.

    Browsers drop tabs and line ends, read `\` as `/` and `https:e` as a host; `//e` is a
    host, and so is `/.//e` once a server has normalised it. All of these are rejected,
    also percent-encoded once.
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
    """Return `address` if it belongs to this site, else `default`."""
    return address if address is not None and is_own(address) else default


def page(address: str | None, default: str) -> str:
    """Return `address` if it is a page of this site, else `default`."""
    found = own(address, "")
    return found if found and opens(found) else default


def opens(address: str) -> bool:
    """Return whether a page answers at `address`: a form's own address may have none."""
    path = unquote(address.partition("?")[0].partition("#")[0])
    if path[:3] in PREFIXED and path[3:4] in {"/", ""}:
        path = path[3:] or "/"
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def nearest(path: str) -> str:
    """Return the nearest page at or above `path`."""
    while path and not opens(path):
        above = path.rstrip("/").rpartition("/")[0]
        path = f"{above}/" if opens(f"{above}/") else above
    return path or "/"


def with_query(address: str, name: str, value: str) -> str:
    """Return `address` with the query parameter `name` set to `value`."""
    rest, hash_mark, fragment = address.partition("#")
    path, _, query = rest.partition("?")
    kept = [part for part in query.split("&") if part and part.split("=")[0] != name]
    return f"{path}?{'&'.join([*kept, f'{name}={value}'])}{hash_mark}{fragment}"


def back(default: str) -> str:
    """Return the page a form was sent from: its field `next`, else the Referer.

    The field holds a path without a query, since a cached page is shared; where the
    Referer is the same page, the query is taken from there.
    """
    page = _split(request.referrer or "")
    referrer = page._replace(scheme="", netloc="", fragment="").geturl()
    from_here = page.netloc == request.host and is_own(referrer)
    target = request.form.get("next")
    if target is None:
        return referrer if from_here else default
    if from_here and page.path == target:
        return referrer
    return own(target, default)


def _split(referrer: str) -> SplitResult:
    try:
        # Cut, since the library caches its arguments, however long.
        return urlsplit(referrer[:REFERRER_LIMIT])
    except ValueError:
        return urlsplit("")

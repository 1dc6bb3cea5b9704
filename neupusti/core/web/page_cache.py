"""A cache of public pages: rendered once, compressed once.

It is bounded and belongs to one process; a key holds everything the page depends on, so
no entry ever needs to be invalidated.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import cast

import brotli
from flask import Flask, Response, current_app, request

from neupusti.core.text import languages
from neupusti.core.web import layout
from neupusti.core.web.microcache import CACHEABLE_BODY
from neupusti.core.web.static_files import negotiated

HTML = "text/html"
LIMIT_BYTES = 24 * 1024 * 1024
QUALITY = 9
"""Of Brotli: a page of 100 KB in some 10 ms, within 3 % of the slowest setting."""


@dataclass(frozen=True, slots=True)
class CachedPage:
    """One rendered page: its encodings and its ETag."""

    encodings: dict[str, bytes]
    tag: str

    @property
    def size(self) -> int:
        """The bytes it takes in the cache."""
        return sum(map(len, self.encodings.values()))


class PageCache:
    """An LRU cache of the rendered pages of one process.

    `depends_on` returns what the layout of every HTML page depends on, besides the visitor.
    """

    def __init__(
        self, limit: int = LIMIT_BYTES, depends_on: Callable[[], Hashable] = tuple
    ) -> None:
        self.limit, self.size, self.depends_on = limit, 0, depends_on
        self.entries: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self.lock = Lock()

    def install(self, app: Flask) -> None:
        """Register this cache for `public`."""
        app.extensions["neupusti.pages"] = self

    def get(self, key: Hashable, render: Callable[[], str]) -> CachedPage:
        """Return the page of `key`; render it where it is not cached."""
        with self.lock:
            if (page := self.entries.get(key)) is not None:
                self.entries.move_to_end(key)
                return page
        page = _compressed(render().encode())
        with self.lock:
            if key not in self.entries:
                self.entries[key] = page
                self.size += page.size
            while self.size > self.limit:
                self.size -= self.entries.popitem(last=False)[1].size
        return page


def public(*key: Hashable, render: Callable[[], str], mimetype: str = HTML) -> Response:
    """Respond with the page of `key` in the language of the request.

    The layout shows what the visitor chose, so the cache variant joins the key. Without a
    choice the response keeps `no-store` (the edge's default): neither a cache nor the back
    button may show a banner that has been answered.
    """
    pages = cast("PageCache", current_app.extensions["neupusti.pages"])
    variant = layout.cache_variant() if mimetype == HTML else None
    # A page shows its own address (canonical, alternates), which a view need not know.
    layout_key = (request.path, pages.depends_on()) if variant is not None else None
    page = pages.get((languages.current(), variant, layout_key, *key), render)
    if variant is None or not variant.storable:
        response = negotiated(page.encodings, mimetype)
        if variant is not None and variant.shared:
            request.environ[CACHEABLE_BODY] = response.get_data()
        return response
    if page.tag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = negotiated(page.encodings, mimetype)
    response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    response.headers["ETag"] = page.tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _compressed(body: bytes) -> CachedPage:
    encodings = {
        "br": brotli.compress(body, quality=QUALITY),
        "gzip": gzip.compress(body, 6, mtime=0),
        "identity": body,
    }
    # Weak: every encoding of the page has the same tag.
    return CachedPage(encodings, f'W/"{sha256(body).hexdigest()[:24]}"')

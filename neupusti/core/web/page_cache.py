"""Public pages that are the same for everybody: rendered once, compressed once.

The store is bounded and belongs to one process; a key must name everything the page
depends on, so nothing in it ever needs to be taken back.
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
"""Brotli's: a page of 100 KB in some 10 ms, within 3 % of the slowest setting."""


@dataclass(frozen=True, slots=True)
class CachedPage:
    """One rendered page: its codings, and the tag a browser asks with again."""

    encodings: dict[str, bytes]
    tag: str

    @property
    def weight(self) -> int:
        """Its share of the store, in bytes."""
        return sum(map(len, self.encodings.values()))


class PageCache:
    """The rendered pages of one process, the longest unused dropped first."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self.limit, self.size = limit, 0
        self.kept: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self.lock = Lock()

    def install(self, app: Flask) -> None:
        """Let `public` find this store."""
        app.extensions["neupusti.pages"] = self

    def get(self, key: Hashable, render: Callable[[], str]) -> CachedPage:
        """Return the page of `key`, rendering it where it is not kept."""
        with self.lock:
            if (page := self.kept.get(key)) is not None:
                self.kept.move_to_end(key)
                return page
        page = _packed(render().encode())
        with self.lock:
            if key not in self.kept:
                self.kept[key] = page
                self.size += page.weight
            while self.size > self.limit:
                self.size -= self.kept.popitem(last=False)[1].weight
        return page


def public(*key: Hashable, render: Callable[[], str], mimetype: str = HTML) -> Response:
    """Answer with the page named by `key` in the language of the request.

    A page carries the frame, and the frame shows what this visitor chose; so the key
    holds that too. The undecided get `no-store` (the edge's default): no cache, and no
    step back in a browser, ever shows a banner that has been answered.
    """
    pages = cast("PageCache", current_app.extensions["neupusti.pages"])
    face = layout.cache_variant() if mimetype == HTML else None
    page = pages.get((languages.current(), face, *key), render)
    if face is None or not face.lasting:
        response = negotiated(page.encodings, mimetype)
        if face is not None and face.common:
            request.environ[CACHEABLE_BODY] = response.get_data()
        return response
    if page.tag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = negotiated(page.encodings, mimetype)
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    response.headers["ETag"] = page.tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _packed(body: bytes) -> CachedPage:
    encodings = {
        "br": brotli.compress(body, quality=QUALITY),
        "gzip": gzip.compress(body, 6, mtime=0),
        "identity": body,
    }
    # Weak: the same tag stands for every coding of the page.
    return CachedPage(encodings, f'W/"{sha256(body).hexdigest()[:24]}"')

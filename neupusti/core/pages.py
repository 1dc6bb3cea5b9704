"""Public pages that are the same for everybody: rendered once, compressed once.

The store is bounded and belongs to one process; a key must name everything the page
depends on, so nothing in it ever needs to be taken back.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import cast

import brotli
from flask import Flask, Response, current_app

from neupusti.core import languages
from neupusti.core.assets import negotiated

LIMIT_BYTES = 24 * 1024 * 1024
QUALITY = 9
"""Brotli's: a page of 100 KB in some 10 ms, within 3 % of the slowest setting."""


class Pages:
    """The rendered pages of one process, the longest unused dropped first."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self.limit, self.size = limit, 0
        self.kept: OrderedDict[Hashable, dict[str, bytes]] = OrderedDict()
        self.lock = Lock()

    def install(self, app: Flask) -> None:
        """Let `public` find this store."""
        app.extensions["neupusti.pages"] = self

    def get(self, key: Hashable, render: Callable[[], str]) -> dict[str, bytes]:
        """Return the codings of page `key`, rendering it where it is not kept."""
        with self.lock:
            if (page := self.kept.get(key)) is not None:
                self.kept.move_to_end(key)
                return page
        page = _packed(render().encode())
        with self.lock:
            if key not in self.kept:
                self.kept[key] = page
                self.size += _weight(page)
            while self.size > self.limit:
                self.size -= _weight(self.kept.popitem(last=False)[1])
        return page


def public(
    *key: Hashable, render: Callable[[], str], mimetype: str = "text/html"
) -> Response:
    """Answer with the page named by `key` in the language of the request."""
    pages = cast("Pages", current_app.extensions["neupusti.pages"])
    return negotiated(pages.get((languages.current(), *key), render), mimetype)


def _packed(body: bytes) -> dict[str, bytes]:
    return {
        "br": brotli.compress(body, quality=QUALITY),
        "gzip": gzip.compress(body, 6, mtime=0),
        "identity": body,
    }


def _weight(page: dict[str, bytes]) -> int:
    return sum(map(len, page.values()))

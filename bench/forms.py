"""Submit forms of the site like a browser."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SENT = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def open_connection(port: int, address: str = "127.0.0.1") -> Iterator[HTTPConnection]:
    """Open a connection from the local `address`."""
    here = (address, 0)
    link = HTTPConnection("127.0.0.1", port, timeout=60, source_address=here)
    try:
        yield link
    finally:
        link.close()


def submit(link: HTTPConnection, path: str, fields: Mapping[str, str]) -> tuple[int, float]:
    """Submit the form at `path`; return the status and the seconds it took."""
    link.request("GET", path)
    page = link.getresponse()
    found = TOKEN.search(page.read().decode())
    token = unescape(found[1]) if found else ""
    cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
    body = urlencode({**fields, "csrf_token": token})
    begun = time.perf_counter()
    link.request("POST", path, body, {"Cookie": cookie, **SENT})
    answer = link.getresponse()
    took = time.perf_counter() - begun
    answer.read()
    return answer.status, took

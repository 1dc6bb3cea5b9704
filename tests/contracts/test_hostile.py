"""The cost of a request is linear in its size, and none of it stays in memory.

Function calls and retained strings are counted; `python -m bench.hostile` measures times.
"""

import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import _lru_cache_wrapper
from itertools import product
from secrets import token_hex
from statistics import median
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from neupusti.core.text.languages import PREFIXED
from tests.conftest import SQLITE
from tests.hostile import ADDRESS, READ, Generator, Request, Target, send

pytestmark = pytest.mark.slow
MARK = token_hex(8)
"""Contained in every part of a marked request."""
HELD = 2 * ADDRESS + 1000
"""Characters of one address that the library itself may hold, path, query and what `visit`
adds; it holds 128 of them at most."""
EACH, TIMES, A_BYTE = 5, 20, 2
"""Requests of a route; how many times the usual one the calls of another may be, and how
many more calls each of its bytes may cost: odd ones are encoded one by one."""


@pytest.fixture
def generator(app: Flask) -> Generator:
    """The generator of requests, with `testing` off."""
    app.testing = False
    return Generator(app)


def calls(app: Flask, request: Request) -> int:
    """Return how many Python and C functions one request calls."""
    count = 0

    def counting(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counting)
    try:
        send(app, request)
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture(autouse=True)
def _all_objects_are_seen() -> Iterator[None]:
    """Let the collector list what the run has frozen to save time."""
    gc.unfreeze()
    yield
    gc.freeze()


@SQLITE
@pytest.mark.ordeal(4, 1)
def test_no_request_calls_much_more_than_another(
    app: Flask, generator: Generator, size: int
) -> None:
    """In an ordinary run every fourth route."""
    for target in generator.targets[generator.dice.randrange(size) :: size]:
        send(app, generator.request(target))
        usual = median(calls(app, one) for one in generator.requests(target, EACH))
        for request in generator.extremes(target):
            assert calls(app, request) <= TIMES * usual + A_BYTE * request.size, target


@SQLITE
def test_nothing_of_a_request_is_retained(app: Flask, generator: Generator) -> None:
    for target in generator.targets:
        send(app, generator.request(target))
    visit(app, generator)
    assert max(map(len, held()), default=0) <= HELD
    urlsplit.cache_clear()  # type: ignore[attr-defined]  # not in the stubs
    assert held() == []


@SQLITE
def test_no_cache_grows_by_what_clients_send(app: Flask, generator: Generator) -> None:
    reader = app.test_client()
    for prefix, address in product(("", *PREFIXED), generator.addresses()):
        reader.get(prefix + address)
    visit(app, generator)
    before = sizes()
    assert len(before) > 10
    for _ in range(2):
        visit(app, generator)
    assert {
        name: size for name, size in sizes().items() if size > before.get(name, 0)
    } == {}


def visit(app: Flask, generator: Generator) -> None:
    """Send marked requests to every route."""
    for number, target in enumerate(generator.targets):
        for request in generator.requests(target, 2):
            send(app, marked(request, target, f"{MARK}{number}-{generator.dice.random()}"))


def marked(request: Request, target: Target, mark: str) -> Request:
    """Return `request` with `mark` in every part that is not its address."""
    environ = request.environ
    headers = {f"HTTP_{name}": f"{mark},{environ.get(f'HTTP_{name}', '')}" for name in READ}
    cookies = f"{environ.get('HTTP_COOKIE', 'a=b')}; theme={mark}; {mark}=1; consent={mark}"
    return replace(
        request,
        environ=environ
        | headers
        | {
            "HTTP_COOKIE": cookies,
            "HTTP_SEC_FETCH_SITE": "same-origin",
            "HTTP_REFERER": f"http://localhost/{mark}",
            "QUERY_STRING": f"next=/{mark}&source={mark}&why={mark}&q={mark}",
        },
        body=request.body + f"&{mark}=1&next=/{mark}".encode() if request.body else b"",
    )


def held() -> list[str]:
    """Return every string with the mark that any reachable object holds."""
    gc.collect()
    return [text for owner in gc.get_objects() for text in _texts(owner) if text != MARK]


def _texts(owner: Any) -> Iterator[str]:
    for one in gc.get_referents(owner):
        if isinstance(one, str):
            if MARK in one:
                yield one
        elif isinstance(one, bytes):
            if MARK.encode() in one:
                yield one.decode("latin-1")
        elif isinstance(one, tuple | dict) and not gc.is_tracked(one):
            yield from _texts(one)


def sizes() -> dict[str, int]:
    """Return how much each cache of the site's own functions holds."""
    return {
        f"{one.__module__}.{one.__qualname__}": one.cache_info().currsize
        for one in gc.get_objects()
        if isinstance(one, _lru_cache_wrapper) and one.__module__.startswith("neupusti.")
    }

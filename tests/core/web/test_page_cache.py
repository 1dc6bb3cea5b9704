import gzip
from collections.abc import Callable
from threading import Barrier, Thread

import brotli
import pytest
from flask import Flask
from werkzeug.wrappers import Response

from neupusti.core.text import languages
from neupusti.core.web import page_cache
from neupusti.core.web.page_cache import PageCache


@pytest.fixture
def counted(bare: Flask) -> Callable[[str, str], Response]:
    """Return a page that shows how often it was rendered, its language and its key."""
    rendered: list[str] = []

    @bare.get("/counted/<name>")
    def view(name: str) -> Response:
        def render() -> str:
            rendered.append(name)
            return f"{languages.current()} {name} №{len(rendered)}"

        return page_cache.public("counted", name, render=render)

    client = bare.test_client()
    return lambda address, coding: client.get(address, headers={"Accept-Encoding": coding})


def test_a_page_is_rendered_once_for_everybody(
    counted: Callable[[str, str], Response],
) -> None:
    plain = counted("/counted/a", "")
    assert plain.get_data(as_text=True) == "ru a №1"
    assert gzip.decompress(counted("/counted/a", "gzip").data).decode() == "ru a №1"
    assert brotli.decompress(counted("/counted/a", "br, gzip").data).decode() == "ru a №1"
    assert plain.content_type == "text/html; charset=utf-8"
    assert plain.headers["Vary"] == "Accept-Encoding, Cookie"


def test_each_language_and_each_key_is_a_page_of_its_own(
    counted: Callable[[str, str], Response],
) -> None:
    addresses = ["/counted/a", "/kk/counted/a", "/en/counted/a", "/en/counted/b"]
    first = [counted(address, "").get_data(as_text=True) for address in addresses]
    assert first == ["ru a №1", "kk a №2", "en a №3", "en b №4"]
    assert [counted(address, "").get_data(as_text=True) for address in addresses] == first


def test_a_page_with_a_banner_is_not_stored(
    counted: Callable[[str, str], Response],
) -> None:
    assert counted("/counted/a", "br").headers["Cache-Control"] == "no-store"


def test_the_least_recently_used_page_is_dropped_first() -> None:
    weight = one_page()
    store = PageCache(limit=3 * weight)
    for key in "abc":
        store.get(key, lambda: "x" * 100)
    store.get("a", unwanted)
    store.get("d", lambda: "x" * 100)
    assert list(store.entries) == ["c", "a", "d"]
    assert store.size == 3 * weight


def test_a_page_larger_than_the_cache_is_not_stored() -> None:
    store = PageCache(limit=10)
    first, second = (store.get("a", lambda: "x" * 100) for _ in range(2))
    assert first == second
    assert (len(store.entries), store.size) == (0, 0)


def test_a_failed_page_is_not_stored() -> None:
    store = PageCache()
    with pytest.raises(LookupError):
        store.get("a", failing)
    assert store.get("a", lambda: "well").encodings["identity"] == b"well"


def test_readers_at_the_same_time_count_a_page_once() -> None:
    store, together = PageCache(), Barrier(4)

    def render() -> str:
        together.wait()
        return "x" * 100

    threads = [Thread(target=store.get, args=("a", render)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.size == one_page()


def one_page() -> int:
    store = PageCache()
    store.get("a", lambda: "x" * 100)
    return store.size


def unwanted() -> str:
    pytest.fail("a entries page was rendered again")


def failing() -> str:
    raise LookupError

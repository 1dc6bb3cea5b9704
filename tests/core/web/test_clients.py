import re
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.web.edge import client_address
from tests.core import failing_views


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "unknown"),
        ("fe80::1%<script>", "unknown"),
        ("<script>", "unknown"),
        ("203.0.113.7:80", "unknown"),
        ("[::1]", "unknown"),
        ("203.0.113.07", "unknown"),
        ("203.0.113.7\n", "unknown"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_clients_address_is_an_address_or_unknown(
    address: str | None, expected: str
) -> None:
    assert client_address(address) == expected


@given(st.text(max_size=60))
def test_nothing_else_comes_out_of_a_clients_address(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f:.]+|unknown", client_address(text))


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "1.1.1.1", "127.0.0.1"),
        (1, "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (2, "1.1.1.1, 9.9.9.9", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 9.9.9.9", "1.1.1.1"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>x", "unknown"),
        (1, "fe80::1%<script>", "unknown"),
        (1, "", "127.0.0.1"),
    ],
)
def test_proxies_are_counted_exactly(
    made: Callable[..., Flask], proxies: int, forwarded: str, seen: str
) -> None:
    app = made(proxies=proxies)
    failing_views.register(app)
    headers = {"X-Forwarded-For": forwarded}
    answer = app.test_client().get("/failing/seen", headers=headers)
    assert answer.get_json()["address"] == seen


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_other_headers_of_a_client_are_ignored(
    made: Callable[..., Flask], proxies: int
) -> None:
    app = made(proxies=proxies)
    failing_views.register(app)
    headers = {
        "Forwarded": 'for=6.6.6.6;host=evil.example;proto="https"',
        "X-Real-Ip": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "6666",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-Url": "/evil",
        "X-Script-Name": "/evil",
    }
    answer = app.test_client().get("/failing/seen", headers=headers).get_json()
    assert answer == {
        "address": "127.0.0.1",
        "host": "localhost",
        "scheme": "http",
        "path": "/failing/seen",
        "root": "",
    }


@pytest.mark.parametrize(("proxies", "scheme"), [(0, "http"), (1, "https")])
def test_only_a_trusted_proxy_sets_the_scheme(
    made: Callable[..., Flask], proxies: int, scheme: str
) -> None:
    app = made(proxies=proxies)
    failing_views.register(app)
    answer = app.test_client().get("/failing/seen", headers={"X-Forwarded-Proto": "https"})
    assert answer.get_json()["scheme"] == scheme

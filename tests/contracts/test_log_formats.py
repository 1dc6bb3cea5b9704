"""The access log keeps its formats: lines of the spool, rows, digests, roll-ups."""

import json
import re
from pathlib import Path

from flask import Flask

from neupusti.config.settings import Settings
from tests.contracts.deterministic import fixed, missing, printed
from tests.contracts.story import choose

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)
SPOOL = (
    b'{"t":1795330800000,"s":200,"b":5120,"d":1500,"i":"203.0.113.7","m":"GET","p":"/",'
    b'"r":"https://t.me/neupusti","u":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 '
    b'(KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","o":"/","c":"consent visitor",'
    b'"g":"necessary preferences statistics","v":"20261122060606060606060606060606",'
    b'"q":"feedfacefeedface"}\n'
    b'{"t":1795334400000,"s":404,"b":900,"d":null,"i":"203.0.113.7","m":"GET",'
    b'"p":"/\\u0441\\u0442\\u0430\\u0440\\u043e\\u0435","r":"https://ok.ru/a","u":"",'
    b'"o":"","c":"","g":"","v":"","q":""}\n'
    b'{"t":1795334460000,"s":500,"b":0,"d":250000,"i":"2001:db8::7","m":"POST",'
    b'"p":"/cookies/","r":"","u":"Mozilla/5.0 (compatible; Googlebot/2.1; '
    b'+http://www.google.com/bot.html)","o":"/cookies/","c":"","g":"necessary","v":"",'
    b'"q":"0123456789abcdef"}\n'
    b'{"t":1795\n'
)
ROWS: dict[str, list[tuple[object, ...]]] = {
    "SELECT at, ip, method, path, route, status, duration_us, bytes, cookies, granted,"
    " visitor, request_id FROM access_record": [
        (
            *(1795330800000, "203.0.113.7", "GET", "/", "/", 200, 1500, 5120),
            *("consent visitor", "necessary preferences statistics"),
            *("20261122060606060606060606060606", "feedfacefeedface"),
        ),
        (
            *(1795334400000, "203.0.113.7", "GET", "/старое", "", 404, None, 900),
            *("", "", "", ""),
        ),
        (
            *(1795334460000, "2001:db8::7", "POST", "/cookies/", "/cookies/", 500, 250000),
            *(0, "", "necessary", "", "0123456789abcdef"),
        ),
    ],
    "SELECT referrer, source, user_agent, browser, os, device, bot, bot_reason, country"
    " FROM access_record": [
        (
            *("https://t.me/neupusti", "social", CHROME, "Chrome", "Linux", "desktop"),
            *("none", "", ""),
        ),
        (
            "https://ok.ru/a",
            "social",
            "",
            "Other",
            "Other",
            "other",
            "suspected",
            "empty",
            "",
        ),
    ],
    "SELECT ip, CAST(day AS text), requests, visitors, bytes, errors FROM access_address": [
        ("203.0.113.7", "2026-11-22", 2, 1, 6020, 1),
        ("2001:db8::7", "2026-11-22", 1, 1, 0, 1),
    ],
    # BLAKE2b under the day's salt: of address and browser, and of the visitor's id.
    "SELECT CAST(day AS text), hours, key FROM access_seen": [
        ("2026-11-22", 1 << 12, bytes.fromhex("5e09aa996bdd1a7a57028c2c66e7b1d1")),
        ("2026-11-22", 1 << 12, bytes.fromhex("6683be9b181b596d069d023516155bab")),
        ("2026-11-22", 1 << 13, bytes.fromhex("ea55f8aa404314ee0f9740c587797e9c")),
    ],
    "SELECT CAST(day AS text), salt FROM access_salt": [("2026-11-22", bytes([7]) * 16)],
    "SELECT unit, start, requests, visitors, people, bytes, robots, not_found,"
    " client_errors, server_errors FROM access_total": [
        ("hour", 1795330800000, 1, 1, 1, 5120, 0, 0, 0, 0),
        ("hour", 1795334400000, 2, 1, 0, 900, 2, 1, 1, 1),
        ("day", 1795287600000, 3, 2, 1, 6020, 2, 1, 1, 1),
    ],
    "SELECT dimension, value, CAST(day AS text), requests, visitors, bytes, errors"
    " FROM access_rollup": [
        (dimension, value, "2026-11-22", *sums)
        for dimension, value, *sums in (
            ("bot", "none", 1, 1, 5120, 0),
            ("bot", "suspected", 1, 0, 900, 1),
            ("browser", "Chrome", 1, 1, 5120, 0),
            ("consent", "", 1, 0, 900, 1),
            ("consent", "necessary preferences statistics", 1, 0, 5120, 0),
            ("country", "", 3, 2, 6020, 2),
            ("device", "desktop", 1, 1, 5120, 0),
            ("entry", "/", 1, 1, 0, 0),
            ("lost", "lines", 3, 0, 0, 0),
            ("loyalty", "new", 0, 1, 0, 0),
            ("malformed", "unreadable", 1, 0, 0, 0),
            ("method", "GET", 2, 0, 6020, 1),
            ("missing", "/старое\thttps://ok.ru/a", 1, 0, 0, 0),
            ("os", "Linux", 1, 1, 5120, 0),
            ("path", "/старое", 1, 0, 900, 1),
            ("reason", "empty", 1, 0, 900, 1),
            ("referrer", "https://t.me/neupusti", 1, 1, 5120, 0),
            ("source", "social", 2, 1, 6020, 1),
            ("source", "direct", 1, 1, 0, 1),
            ("status", "404", 1, 0, 900, 1),
        )
    ],
    "SELECT CAST(day AS text), route, bucket, requests FROM access_latency": [
        ("2026-11-22", "/", 76, 1),
        ("2026-11-22", "/cookies/", 130, 1),
    ],
}


def leave_spool(instance: Path) -> Path:
    """Leave the files of a worker that is no more, and that lost three lines."""
    spool = instance / "access-spool"
    spool.mkdir(exist_ok=True)
    (spool / "4242xcafecafe-1.jsonl").write_bytes(SPOOL)
    (spool / "4242xcafecafe.lost").write_bytes(bytes(2))
    (spool / "4242xcafecafe.waiting").write_bytes(bytes(1))
    return spool


def test_lines_of_the_spool_are_counted_as_they_were(
    app: Flask, settings: Settings
) -> None:
    folder = leave_spool(settings.instance)
    with fixed() as dice:
        dice.show(7)
        assert printed(app, "access", "ingest", "--once") == "3 requests\n"
    assert missing(ROWS, "access") == {}
    assert list(folder.iterdir()) == []


def test_the_line_of_a_request_is_written_as_it_was(app: Flask, settings: Settings) -> None:
    browser = app.test_client()
    with fixed() as dice:
        dice.show(1)
        choose(browser, "accept")
        dice.show(6)
        browser.get("/")
        agent = {"User-Agent": CHROME, "Referer": "https://example.org/a?b"}
        browser.get("/policy/", headers=agent)
    (file,) = (settings.instance / "access-spool").glob("*x0101010101010101-1.jsonl")
    line = file.read_text("ascii").splitlines()[-1]
    written = json.loads(line)
    assert list(written) == list("tsbdimpruocgvq")
    assert isinstance(written["b"], int)
    assert isinstance(written["d"], int)
    assert re.fullmatch("[0-9a-f]{16}", written["q"])
    assert {name: written[name] for name in "tsimpruocgv"} == {
        "t": 1795330800000,
        "s": 200,
        "i": "127.0.0.1",
        "m": "GET",
        "p": "/policy/",
        "r": "https://example.org/a",
        "u": CHROME,
        "o": "/policy/",
        "c": "consent visitor",
        "g": "marketing necessary preferences statistics",
        "v": "20261122060606060606060606060606",
    }

"""Withdrawal: as easy as consent, and the browser deletes the cookies."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from neupusti.consent.models import ChoiceSource
from neupusti.consent.service import deletion
from neupusti.consent.service.deletion import (
    HALF,
    MAX_DOMAINS,
    MAX_LINES,
    MAX_PATHS,
    UnwantedCookies,
)
from neupusti.core.feature import Category, Cookie, Feature
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, OWN, Visitor, records


def lines(response: object) -> list[str]:
    """Return the Set-Cookie lines that expire something."""
    found: Iterable[str] = response.headers.getlist("Set-Cookie")  # type: ignore[attr-defined]
    return [line for line in found if "Max-Age=0" in line]


def test_one_click_on_any_page_withdraws_everything(visitor: Visitor) -> None:
    visitor.choose("accept")
    visitor.press("/theme/", theme="dark")
    for page in ("/", "/en/policy/", "/no-such-page"):
        form = re.search(
            r'action="([^"]+)">\s*<input type="hidden" name="next" value="([^"]+)">'
            r'\s*<button [^>]*value="withdraw"',
            visitor.client.get(page).text,
        )
        assert form, page
        assert form.groups() == (f"{page[:3] if 'en' in page else ''}/cookies/", page)
    response = visitor.press("/cookies/", choice="withdraw", next="/")
    assert visitor.cookie("theme") is None
    assert 'value="withdraw"' not in visitor.client.get(response.location).text
    assert [record.source for record in records()] == [
        ChoiceSource.PAGE,
        ChoiceSource.WITHDRAWAL,
    ]


def test_withdrawal_is_not_offered_without_consent(visitor: Visitor) -> None:
    assert 'value="withdraw"' not in visitor.client.get("/").text
    visitor.choose("reject")
    assert 'value="withdraw"' not in visitor.client.get("/").text


def test_withdrawing_takes_no_more_clicks_than_agreeing(visitor: Visitor) -> None:
    def clicks(value: str) -> int:
        return visitor.client.get("/policy/").text.count(f'value="{value}"')

    assert clicks("accept") == clicks("reject") == 1
    visitor.choose("accept")
    assert clicks("withdraw") == 1


def test_only_what_was_not_granted_goes(visitor: Visitor) -> None:
    for name in ("theme", "_ga", "session"):
        visitor.client.set_cookie(name, "1")
    assert lines(visitor.choose("accept", next="/")) == []
    response = visitor.choose("withdraw", next="/")
    assert {line.partition("=")[0] for line in lines(response)} == {"theme"}
    assert visitor.cookie("session") == visitor.cookie("_ga") == "1"
    assert visitor.cookie("theme") is None


@SQLITE
def test_what_is_left_goes_with_the_next_answers(
    with_features: Callable[..., Flask],
) -> None:
    family = Cookie(name="n", category=Category.MARKETING, purpose="Many.", prefix=True)
    more = Feature(name="more", clauses=(), former_cookies=(family,))
    app = with_features(*BASE_FEATURES, more, hosts=("a.b.neupusti.localhost",))
    visitor = Visitor(app.test_client())
    visitor.choose("reject")
    sent = f"consent={visitor.cookie()}; " + "; ".join(f"n{i}=1" for i in range(12))
    wanted = {
        (f"n{i}", path, domain)
        for i in range(12)
        for path in ("/", "/policy", "/policy/", "/policy/2022-08-04")
        for domain in ("", "a.b.neupusti.localhost", "b.neupusti.localhost")
    }
    browser = app.test_client(use_cookies=False)
    for _ in range(30):
        answer = browser.get(
            "http://a.b.neupusti.localhost/policy/2022-08-04/", headers={"Cookie": sent}
        )
        got = lines(answer)
        assert 0 < len(got) <= MAX_LINES
        wanted -= {parts(line) for line in got}
    assert wanted == set()


def parts(line: str) -> tuple[str, str, str]:
    """Return name, path and domain of a line."""
    path = re.search(r"Path=([^;]+)", line)
    domain = re.search(r"Domain=([^;]+)", line)
    assert path
    return line.partition("=")[0], path[1], domain[1] if domain else ""


def unwanted(*names: str, host: str, path: str, secure: bool = False) -> UnwantedCookies:
    return UnwantedCookies((), names, host, (path,), secure)


def plain(wanted: UnwantedCookies) -> list[str]:
    """Return the lines without their repetitions for partitioned cookies."""
    got = deletion.expiry_lines(wanted)
    found = [line for line in got if not line.endswith("; Secure; Partitioned")]
    assert len(got) - len(found) == sum("Path=/;" in f"{line};" for line in found)
    return found


def test_a_name_is_expired_under_every_pair_that_brought_it() -> None:
    got = plain(unwanted("x", host="shop.neupusti.kz:8000", path="/a"))
    assert [parts(line) for line in got] == [
        ("x", path, domain)
        for path in ("/", "/a")
        for domain in ("", "shop.neupusti.kz", "neupusti.kz")
    ]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "localhost", "", "kz"])
def test_an_address_and_a_top_level_have_no_domains(host: str) -> None:
    (line,) = plain(unwanted("x", host=host, path="/"))
    assert "Domain" not in line


def test_prefixed_names_are_expired_as_browsers_want_it() -> None:
    host, path = "neupusti.kz", "/a"
    (line,) = plain(unwanted("__Host-x", host=host, path=path))
    assert line.endswith("Path=/; Secure")
    for name in ("__Secure-x", "__secure-x"):
        got = plain(unwanted(name, host=host, path=path))
        assert len(got) == 4
        assert all(line.endswith("Secure") for line in got)


def test_the_longest_name_is_expired() -> None:
    longest = "a" * deletion.MAX_NAME_CHARACTERS
    assert deletion.expiry_lines(unwanted(longest, host="neupusti.kz", path="/"))
    assert not deletion.expiry_lines(unwanted(f"{longest}a", host="neupusti.kz", path="/"))


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: b", "a;b", "a" * 300, "a\x00", "a=b"])
def test_a_name_that_cannot_be_written_is_left(name: str) -> None:
    assert deletion.expiry_lines(unwanted(name, host="neupusti.kz", path="/")) == []


def test_a_path_cannot_add_an_attribute() -> None:
    got = deletion.expiry_lines(unwanted("x", host="localhost", path="/a;Domain=kz/ә"))
    assert not any("Domain" in line.replace("%3BDomain", "") for line in got)
    assert all(line.isascii() for line in got)


@SQLITE
def test_erasing_takes_two_requests(visitor: Visitor) -> None:
    visitor.choose("accept")
    for name in ("theme", "session", "_ga"):
        visitor.client.set_cookie(name, "1")
    first = visitor.choose("erase")
    assert first.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not any(line.startswith("consent=") for line in lines(first))
    assert visitor.cookie("theme") is visitor.cookie("session") is None
    assert visitor.cookie("_ga") == "1"
    second = visitor.client.get(first.location, headers=OWN)
    assert second.status_code == 303
    assert visitor.cookie()
    assert urlsplit(second.location).path == "/cookies/"
    page = visitor.client.get(f"/en{second.location}", headers=OWN).text
    assert "only your refusal is left" in page
    assert [record.granted for record in records()] == ["preferences", ""]


@SQLITE
@pytest.mark.parametrize("clear", [0, 1])
def test_only_a_host_without_sisters_clears_the_domain(
    with_features: Callable[..., Flask], clear: int
) -> None:
    app = with_features(*BASE_FEATURES, clear_cookies=clear)
    visitor = Visitor(app.test_client())
    page = visitor.client.get("/en/cookies/").text
    (named,) = re.findall(r"These cookies go:\s*(.*?)\.\s", page, re.DOTALL)
    assert set(re.findall(r"<code>(\w+)</code>", named)) == {
        *("session", "theme", "remember_token", "basket", "device"),
    }
    assert ("all other cookies of the domain" in page) is bool(clear)
    cleared = visitor.choose("erase").headers["Clear-Site-Data"]
    assert ('"cookies"' in cleared) is bool(clear)
    assert {'"cache"', '"storage"'} <= set(cleared.split(", "))


@SQLITE
def test_the_second_request_of_an_erasure_is_not_for_strangers(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hop = Visitor(app.test_client()).choose("erase").location
    stranger = app.test_client()
    crossing = stranger.get(hop, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossing.status_code == 403
    for address in (hop[:-1] + "~", "/cookies/erased/x", "/cookies/erased/%00"):
        answer = stranger.get(address, headers=OWN)
        assert answer.status_code in {303, 400}
        assert "Set-Cookie" not in answer.headers
    monkeypatch.setattr("neupusti.consent.views.choosing.ERASURE_TOKEN_SECONDS", -1)
    late = stranger.get(hop, headers=OWN)
    assert (late.location, late.headers.get("Set-Cookie")) == ("/cookies/", None)


DEEP = "/a" * 1000
NAMES = tuple(f"n{i}" for i in range(50))


def test_only_the_lines_of_one_answer_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = deletion.expiry_line

    def recorded(*args: Any, **kwargs: Any) -> str:
        written.append(write(*args, **kwargs))
        return written[-1]

    monkeypatch.setattr(deletion, "expiry_line", recorded)
    deletion._likeliest.cache_clear()  # noqa: SLF001
    for built in (MAX_LINES + HALF, HALF, HALF):
        answer = deletion.expiry_lines(unwanted(*NAMES, host="a.b.neupusti.kz", path=DEEP))
        assert len(answer) == MAX_LINES
        assert len(written) == built
        written.clear()


def test_what_is_declared_goes_first_from_its_own_place() -> None:
    known = (("root", (None, "/")), ("deep", ("neupusti.kz", "/en")))
    got = deletion.expiry_lines(
        UnwantedCookies(known, (), "localhost", ("/",), secure=False)
    )
    found = [parts(line) for line in got if "Partitioned" not in line]
    assert found == [("deep", "/en", "neupusti.kz"), ("root", "/", "")]
    (last,) = [line for line in got if "Partitioned" in line]
    assert parts(last) == ("root", "/", "")


def test_what_covers_a_path_is_bounded() -> None:
    assert len(deletion.cookie_paths(DEEP)) <= MAX_PATHS + 1
    assert deletion.cookie_paths("/" + "a" * 2000) == ["/"]
    longest = "/" + "a" * 1023
    assert deletion.cookie_paths(longest) == ["/", longest]
    assert deletion.cookie_paths("//a") == ["/", "//", "//a"]
    assert deletion.cookie_paths("/a//b") == ["/", "/a", "/a/", "/a//", "/a//b"]
    assert deletion.cookie_paths("/a/" + "ә" * 400) == ["/", "/a", "/a/"]
    assert deletion.cookie_domains("x." * 60 + "neupusti.kz")[-1] == "neupusti.kz"
    assert len(deletion.cookie_domains("x." * 60 + "neupusti.kz")) == MAX_DOMAINS


def test_only_so_many_names_are_expired_at_a_time() -> None:
    names = tuple(f"n{number}" for number in range(200))
    blocks = deletion._blocks(unwanted(*names, host="localhost", path="/"))  # noqa: SLF001
    assert {len(block.names) for block in blocks} == {deletion.MAX_NAMES}

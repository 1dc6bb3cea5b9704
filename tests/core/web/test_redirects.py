import pytest
from flask import Flask

from neupusti.core.web import redirects

HOSTILE = (
    *("//e", "/\\e", "\\/e", "/\t/e", "/\r/e", "/\n/e", "////e", "https:e", "http:///e"),
    *("javascript:alert(1)", "\x00//e", " //e", "/.//e", "/..//e", "@e", "/%09/e"),
    *("/%5Ce", "/%2F/e", "/%2f%2fe", "//e%2F..", "https://e/", "/\x7f/e", "/a/../..//e"),
    *("/%00", "/%0d%0aLocation:%20//e", "data:text/html,x", "e.example", "?next=//e", ""),
    *("/a//e", "/\u2028/e", "/\uff0f/e", "/\xa0/e", "/" + "a" * 2001, "///e", "/;//e"),
)
GOOD = ("/", "/policy/", "/en/policy/?a=1&b=//x", "/search?q=%D1%87%D0%B0%D0%B9#c3.3.1")


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_leads_home(address: str) -> None:
    assert redirects.own(address, "/home") == "/home"


@pytest.mark.parametrize("address", GOOD)
def test_an_address_of_ours_is_followed(address: str) -> None:
    assert redirects.own(address, "/home") == address


def test_nothing_given_leads_home() -> None:
    assert redirects.own(None, "/home") == "/home"


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        ("/", "/?x=1"),
        ("/?x=9", "/?x=1"),
        ("/?a=2&x=9&b=3#c", "/?a=2&b=3&x=1#c"),
        ("/#c", "/?x=1#c"),
    ],
)
def test_a_parameter_is_set_once(address: str, marked: str) -> None:
    assert redirects.with_query(address, "x", "1") == marked


@pytest.mark.parametrize(
    ("given", "referrer", "led"),
    [
        ("/a/", None, "/a/"),
        ("/a/", "http://localhost/a/?q=1", "/a/?q=1"),
        ("/a/", "http://localhost/b/?q=1", "/a/"),
        ("/a/", "http://evil.example/a/?q=1", "/a/"),
        (None, "http://localhost/b/?q=1#x", "/b/?q=1"),
        (None, "http://evil.example/b/", "/home"),
        (None, "http://localhost//evil.example/", "/home"),
        (None, None, "/home"),
        ("//evil.example/", "http://localhost/b/", "/home"),
        ("//evil.example/", "http://localhost//evil.example/", "/home"),
    ],
)
def test_a_form_leads_back_to_its_page(
    given: str | None, referrer: str | None, led: str
) -> None:
    data = {} if given is None else {"next": given}
    headers = {} if referrer is None else {"Referer": referrer}
    with Flask("x").test_request_context("/", method="POST", data=data, headers=headers):
        assert redirects.back("/home") == led


@pytest.mark.parametrize(
    "referrer", ["http://[", "http://[::1", "http://\u2100/", "a" * 90_000]
)
def test_a_referrer_no_browser_sends_leads_home(referrer: str) -> None:
    with Flask("x").test_request_context("/", method="POST", headers={"Referer": referrer}):
        assert redirects.back("/home") == "/home"

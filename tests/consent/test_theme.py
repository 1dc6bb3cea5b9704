"""The theme cookie: the first optional cookie."""

import pytest

from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor

pytestmark = SQLITE


def scheme(visitor: Visitor, address: str = "/") -> str:
    """Return the colour scheme of the page."""
    page = visitor.client.get(address).text
    return page.split('<meta name="color-scheme" content="')[1].split('"')[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_look_is_kept(visitor: Visitor, theme: str) -> None:
    visitor.choose("save", "preferences")
    answer = visitor.press("/theme/", theme=theme, next="/policy/")
    assert (answer.status_code, answer.location) == (303, "/policy/")
    for address in ("/", "/policy/", "/kk/cookies/", "/no-such-page"):
        assert scheme(visitor, address) == theme
    visitor.press("/theme/", theme="auto")
    assert visitor.cookie("theme") is None
    assert scheme(visitor) == "light dark"


@pytest.mark.parametrize("action", [None, "reject"])
def test_without_a_yes_it_is_asked_for_and_not_set(
    visitor: Visitor, action: str | None
) -> None:
    if action:
        visitor.choose(action)
    answer = visitor.client.post(
        "/en/theme/", data={"theme": "dark", "next": "/en/policy/"}, headers=OWN
    )
    assert answer.location == "/en/cookies/?why=theme&next=/en/policy/"
    assert visitor.cookie("theme") is None
    asking = visitor.client.get(answer.location).text
    assert "Preferences" in asking
    assert 'name="next" value="/en/policy/"' in asking
    saved = visitor.choose("save", "preferences", next="/en/policy/")
    assert saved.location.startswith("/en/policy/?")


def test_a_value_that_is_no_theme_is_read_as_none(visitor: Visitor) -> None:
    visitor.choose("accept")
    visitor.client.set_cookie("theme", '"><script>')
    assert scheme(visitor) == "light dark"


def test_another_site_cannot_choose(visitor: Visitor) -> None:
    visitor.choose("accept")
    crossing = {"Sec-Fetch-Site": "cross-site"}
    answer = visitor.client.post("/theme/", data={"theme": "dark"}, headers=crossing)
    assert answer.status_code == 403
    assert visitor.press("/theme/", theme="blue").status_code == 422
    assert visitor.client.get("/theme/").status_code == 405

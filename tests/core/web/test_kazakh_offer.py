"""Who asks for Kazakh and reads another language is offered it, past every cache."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import SQLITE

OFFER = "Бұл бетті қазақша оқу"
KAZAKH = {"Accept-Language": "kk-KZ,kk;q=0.9,ru;q=0.8"}
PAGES = ("/policy/", "/", "/cookies/", "/account/login")


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client without cookies."""
    return app.test_client(use_cookies=False)


@pytest.mark.parametrize("page", PAGES)
def test_the_offer_leads_to_the_page_in_kazakh(stranger: FlaskClient, page: str) -> None:
    for prefix in ("", "/en"):
        text = stranger.get(prefix + page, headers=KAZAKH).text
        assert f'<a href="/kk{page}" hreflang="kk-KZ">{OFFER}</a>' in text
    assert OFFER not in stranger.get("/kk" + page, headers=KAZAKH).text


@pytest.mark.parametrize("page", PAGES)
def test_one_visitor_s_copy_is_not_another_s(stranger: FlaskClient, page: str) -> None:
    """Within the second of the micro-cache, and from the cache of rendered pages."""
    for _ in range(2):
        assert OFFER not in stranger.get(page).text
        assert OFFER in stranger.get(page, headers=KAZAKH).text


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("kk", True),
        ("KK-kz, ru;q=0.9", True),
        ("de, kk;q=0.5, ru;q=0.4", True),
        ("ru;q=0.4, kk;q=0.5", True),
        ("ru, kk;q=0.9", False),
        ("en-GB, kk;q=0.9", False),
        ("kk;q=0, ru", False),
        ("kkj, ru;q=0.9", False),
        ("kk;q=x;;,", False),
        ("*", False),
        ("", False),
    ],
)
@SQLITE
def test_the_favourite_of_the_browser_decides(
    stranger: FlaskClient, asked: str, *, offered: bool
) -> None:
    answer = stranger.get("/policy/", headers={"Accept-Language": asked})
    assert (OFFER in answer.text) is offered


def test_the_offer_sets_no_cookie(stranger: FlaskClient) -> None:
    assert "Set-Cookie" not in stranger.get("/policy/", headers=KAZAKH).headers

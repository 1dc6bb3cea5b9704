"""What the proxies say themselves: our words, our headers, no version."""

import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPResponse

import pytest
from flask_babel import force_locale

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.text.languages import Language
from neupusti.core.web.edge import HEADERS
from neupusti.core.web.error_texts import ERROR_TEXTS, PAUSED
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.lending import SECRET
from tests.served import free_port

TOO_LARGE, AWAY, MALFORMED = 413, 502, 400
LARGE = 64 * 1024 + 1
PLANNED = 503
TEXTS = {TOO_LARGE: 413, AWAY: 503, MALFORMED: 400}
OWN = {"Server", "Strict-Transport-Security"}


@pytest.fixture(scope="module", params=[proxies.NGINX, proxies.CADDY])
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyClient]:
    """A proxy in front of a site that is away."""
    folder = tmp_path_factory.mktemp(request.param)
    with getattr(proxies, request.param)(free_port(), folder) as client:
        yield client


@pytest.fixture
def paused(proxy: ProxyClient) -> Iterator[ProxyClient]:
    """The proxy during a planned pause."""
    switch = proxy.folder / proxies.SWITCH
    switch.touch()
    yield proxy
    switch.unlink()


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Language, int], str]:
    """Title and text of each error page of the site, by language and status."""
    app = create_app(Settings(secret_key=SECRET, instance=tmp_path_factory.mktemp("site")))
    found = {}
    for language in Language:
        with app.test_request_context(), force_locale(language.locale):
            texts = {status: ERROR_TEXTS[ours] for status, ours in TEXTS.items()}
            for status, text in {**texts, PLANNED: PAUSED}.items():
                found[language, status] = f"<h1>{text.title}</h1><p>{text.text}</p>"
    return found


def answer(proxy: ProxyClient, status: int, path: str) -> tuple[HTTPResponse, str]:
    """Make the proxy answer by itself with `status`."""
    body = b"x" * LARGE if status == TOO_LARGE else None
    with closing(proxy.connection()) as connection:
        connection.request("POST" if body else "GET", path, body)
        response = connection.getresponse()
        return response, response.read().decode()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("status", [TOO_LARGE, AWAY])
def test_a_proxy_speaks_as_the_site_does(
    proxy: ProxyClient,
    words: dict[tuple[Language, int], str],
    language: Language,
    status: int,
) -> None:
    for path in ("/", "/policy/", "/account/avatars"):
        response, page = answer(proxy, status, f"{language.prefix}{path}")
        assert response.status == status
        assert words[language, status] in page
        assert f'<html lang="{language}">' in page
        assert response.headers["Content-Type"].lower() == "text/html; charset=utf-8"
        assert response.headers["Retry-After"] == ("30" if status == AWAY else None)


@pytest.mark.parametrize("language", Language)
def test_a_planned_pause_is_announced_and_ends(
    paused: ProxyClient, words: dict[tuple[Language, int], str], language: Language
) -> None:
    for path in ("/", "/policy/", "/account/avatar"):
        response, page = answer(paused, PLANNED, f"{language.prefix}{path}")
        assert response.status == PLANNED
        assert words[language, PLANNED] in page
        assert f'<html lang="{language}">' in page
        assert response.headers.get_all("Retry-After") == ["600"]
        assert response.headers["Cache-Control"] == "no-store"
    (switch := paused.folder / proxies.SWITCH).unlink()
    assert answer(paused, AWAY, "/")[0].status == AWAY
    switch.touch()


@pytest.mark.parametrize("status", [TOO_LARGE, AWAY])
def test_a_page_of_a_proxy_has_the_headers_of_the_site(
    proxy: ProxyClient, status: int
) -> None:
    response, page = answer(proxy, status, "/")
    for name, value in HEADERS:
        if name not in OWN:
            assert response.headers.get_all(name) == [value], name
    assert response.headers.get_all("Strict-Transport-Security") == [
        Settings.__dataclass_fields__["hsts"].default
    ]
    told = f"{response.headers} {page}"
    assert not re.search(r"(?i)(nginx|caddy)/?[0-9. ]*[0-9]", told)


def test_what_is_no_request_gets_our_words_too(
    proxy: ProxyClient, words: dict[tuple[Language, int], str]
) -> None:
    if proxy.tls is None:
        pytest.skip("Caddy reads the head of a request before any of our rules")
    with closing(proxy.connection()) as connection:
        connection.request("GET", "/", headers={"X-Long": "x" * 40_000})
        response = connection.getresponse()
        assert response.status == MALFORMED
        assert words[Language.RU, MALFORMED] in response.read().decode()
        assert response.headers["Server"] == "nginx"

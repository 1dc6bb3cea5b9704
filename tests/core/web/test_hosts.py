import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.web.edge import REFUSED, Edge, hostname
from tests.core.failing_views import PRODUCTION
from tests.lending import SECRET


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a site with a host name and an additional one."""
    settings = Settings(
        secret_key=SECRET,
        instance=tmp_path_factory.mktemp("shop"),
        base_url="http://shop.example:8000",
        hosts=("www.shop.example",),
    )
    return create_app(settings).test_client(use_cookies=False)


@pytest.mark.parametrize(
    "host",
    [
        *("shop.example", "SHOP.Example:8000", "www.shop.example"),
        *("localhost:1", "127.0.0.1", "[::1]:8000", "[::1]"),
    ],
)
def test_own_hosts_are_accepted(shop: FlaskClient, host: str) -> None:
    assert shop.get("/cookies/", headers={"Host": host}).status_code == 200


@pytest.mark.clause("1.1.5")
@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "shop.example.evil.example",
            "evil.shop.example",
            "xshop.example",
        ),
        *("shop.example@evil.example", "shop.example:80@evil.example", "evil.example/"),
        *("shop.example/evil", "shop.example:80:80", "shop.example:evil", "shop.example:"),
        *("[::1", "::1", "[evil]", "shop.example evil", "shop.example,evil.example"),
        *(
            'shop.example"><evil>',
            "shop.example\x00evil",
            "evil\xff",
            "shop.example:999999",
        ),
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/nowhere", "/privacy", "/healthz"])
def test_an_unknown_host_gets_an_error_page_with_our_name(
    shop: FlaskClient, host: str, path: str
) -> None:
    response = shop.get(path, environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 400
    assert "<h1>" in response.text
    assert "evil" not in response.text + str(response.headers)


def test_no_view_sees_an_unknown_host() -> None:
    """Nor does an error page, so links always have our host."""
    seen: list[tuple[str, str]] = []

    def inner(environ: dict[str, str], _start: object) -> list[bytes]:
        seen.append((environ["HTTP_HOST"], environ[REFUSED]))
        return []

    edge = Edge(
        inner,
        hosts=frozenset({"shop.example"}),
        canonical="shop.example:8000",
        proxies=0,
    )
    environ = {"HTTP_HOST": "evil.example", "PATH_INFO": "/"}
    edge(environ, lambda *_: lambda _: None)
    assert seen == [("shop.example:8000", "host")]


def test_production_does_not_answer_under_a_local_name(made: Callable[..., Flask]) -> None:
    client = made(**PRODUCTION).test_client()
    for host, status in (("shop.example", 200), ("localhost", 400), ("127.0.0.1", 400)):
        assert client.get("/cookies/", headers={"Host": host}).status_code == status


@given(st.text(max_size=40))
def test_a_host_name_is_plain_or_nothing(text: str) -> None:
    assert re.fullmatch(r"|[a-z0-9.-]+|\[[0-9a-f:.]+\]", hostname(text))

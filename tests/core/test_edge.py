import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from neupusti.config import Mode
from neupusti.core.edge import TWO_YEARS, client_address, hostname
from tests.core import faults
from tests.people import BIN

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Link": '</policy/>; rel="privacy-policy"',
}
CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}
PRODUCTION = {
    "mode": Mode.PRODUCTION,
    "base_url": "https://shop.example",
    "operator_bin": BIN,
    "operator_email": "privacy@shop.example",
    "operator_responsible": "A lawyer",
}


def stylesheet(client: FlaskClient) -> str:
    found = re.search(r'href="(/static/site\.[0-9a-f]+\.css)"', client.get("/").text)
    assert found
    return found[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/kk/", 200),
        ("/healthz", 200),
        ("/privacy", 301),
        ("/?%ff", 400),
        ("/nowhere", 404),
        ("/static/nothing.css", 404),
        ("/fault/form", 405),
        ("/fault/status/413", 413),
        ("/fault/wait", 429),
        ("/fault/view", 500),
        ("/policy/", 503),
    ],
)
def test_every_answer_carries_every_header(
    visitor: FlaskClient, method: str, path: str, status: int
) -> None:
    response = visitor.open(path, method=method)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert set(response.headers["Content-Security-Policy"].split("; ")) == CSP
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["X-Request-Id"])
    assert "Strict-Transport-Security" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)
    for name, _ in response.headers:
        assert len(response.headers.getlist(name)) == 1, name


@pytest.mark.parametrize(("asked", "status"), [({}, 200), ({"If-None-Match": "*"}, 304)])
def test_static_files_carry_them_too(
    visitor: FlaskClient, asked: dict[str, str], status: int
) -> None:
    response = visitor.get(stylesheet(visitor), headers=asked)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "Content-Security-Policy" in response.headers
    assert "X-Request-Id" in response.headers


def test_no_answer_names_the_software(visitor: FlaskClient) -> None:
    for path in ("/", "/nowhere", "/fault/view"):
        told = str(visitor.get(path).headers).lower()
        assert not re.search("werkzeug|flask|granian|python|gunicorn", told)


def test_a_view_may_be_stricter(visitor: FlaskClient) -> None:
    headers = visitor.get("/fault/seen").headers
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]


def test_production_wants_https_for_two_years(made: Callable[..., Flask]) -> None:
    client = made(**PRODUCTION).test_client()
    response = client.get("/", base_url="https://shop.example")
    assert response.headers["Strict-Transport-Security"] == TWO_YEARS
    assert TWO_YEARS.startswith(f"max-age={2 * 365 * 24 * 3600};")


def test_a_request_gets_an_id_of_our_own(visitor: FlaskClient) -> None:
    theirs = "f" * 16
    ids = [
        visitor.get("/", headers={"X-Request-Id": theirs}).headers["X-Request-Id"]
        for _ in range(3)
    ]
    assert len(set(ids)) == 3
    assert theirs not in ids


@pytest.mark.parametrize(
    ("address", "told"),
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
def test_a_clients_address_is_an_address_or_unknown(address: str | None, told: str) -> None:
    assert client_address(address) == told


@given(st.text(max_size=60))
def test_nothing_else_comes_out_of_a_clients_address(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f:.]+|unknown", client_address(text))


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
    app.register_blueprint(faults.bp)
    headers = {"X-Forwarded-For": forwarded}
    answer = app.test_client().get("/fault/seen", headers=headers)
    assert answer.get_json()["address"] == seen


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_nothing_else_a_client_says_about_itself_is_believed(
    made: Callable[..., Flask], proxies: int
) -> None:
    app = made(proxies=proxies)
    app.register_blueprint(faults.bp)
    told = {
        "Forwarded": 'for=6.6.6.6;host=evil.example;proto="https"',
        "X-Real-Ip": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "6666",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-Url": "/evil",
        "X-Script-Name": "/evil",
    }
    answer = app.test_client().get("/fault/seen", headers=told).get_json()
    assert answer == {
        "address": "127.0.0.1",
        "host": "localhost",
        "scheme": "http",
        "path": "/fault/seen",
        "root": "",
    }


@pytest.mark.parametrize(("proxies", "scheme"), [(0, "http"), (1, "https")])
def test_only_a_proxy_tells_that_it_speaks_tls(
    made: Callable[..., Flask], proxies: int, scheme: str
) -> None:
    app = made(proxies=proxies)
    app.register_blueprint(faults.bp)
    answer = app.test_client().get("/fault/seen", headers={"X-Forwarded-Proto": "https"})
    assert answer.get_json()["scheme"] == scheme


@pytest.fixture
def shop(made: Callable[..., Flask]) -> FlaskClient:
    """A site of a known name, with one more."""
    return made(base_url="http://shop.example:8000", hosts=("www.shop.example",)).test_client()


@pytest.mark.parametrize(
    "host",
    [
        *("shop.example", "SHOP.Example:8000", "www.shop.example"),
        *("localhost:1", "127.0.0.1", "[::1]:8000", "[::1]"),
    ],
)
def test_our_own_hosts_get_an_answer(shop: FlaskClient, host: str) -> None:
    assert shop.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "shop.example.evil.example", "evil.shop.example", "xshop.example"),
        *("shop.example@evil.example", "shop.example:80@evil.example", "evil.example/"),
        *("shop.example/evil", "shop.example:80:80", "shop.example:evil", "shop.example:"),
        *("[::1", "::1", "[evil]", "shop.example evil", "shop.example,evil.example"),
        *('shop.example"><evil>', "shop.example\x00evil", "evil\xff", "shop.example:999999"),
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/nowhere", "/privacy", "/healthz"])
def test_a_foreign_host_gets_a_page_under_our_name(
    shop: FlaskClient, host: str, path: str
) -> None:
    response = shop.get(path, environ_overrides={"HTTP_HOST": host})
    assert response.status_code == 400
    assert "<h1>" in response.text
    assert "evil" not in response.text + str(response.headers)


def test_production_does_not_answer_under_a_local_name(made: Callable[..., Flask]) -> None:
    client = made(**PRODUCTION).test_client()
    for host, status in (("shop.example", 200), ("localhost", 400), ("127.0.0.1", 400)):
        assert client.get("/", headers={"Host": host}).status_code == status


@given(st.text(max_size=40))
def test_a_host_name_is_plain_or_nothing(text: str) -> None:
    assert re.fullmatch(r"|[a-z0-9.-]+|\[[0-9a-f:.]+\]", hostname(text))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/\xff", ""),
        ("/\xed\xa0\x80", ""),
        ("/a\x00b", ""),
        ("/a\rb", ""),
        ("/a\nb", ""),
        ("/a\x1bb", ""),
        ("/a\x7f", ""),
        ("/policy/\x08/", ""),
        ("/", "a=%FF"),
        ("/", "%C0%AF=1"),
        ("/", "a=%00"),
        ("/", "a=\xff"),
    ],
)
@pytest.mark.parametrize(
    ("prefix", "tag"), [("", "ru-KZ"), ("/kk", "kk-KZ"), ("/en", "en")]
)
def test_junk_bytes_are_refused_before_any_view(
    visitor: FlaskClient, path: str, query: str, prefix: str, tag: str
) -> None:
    environ = {"PATH_INFO": prefix + path, "QUERY_STRING": query}
    response = visitor.get("/", environ_overrides=environ)
    assert response.status_code == 400
    assert f'<html lang="{tag}"' in response.text


@pytest.mark.parametrize("query", ["q=%D2%9B%D0%B0%D0%B7", "q=a%0Ab", "q=%", "q=%zz", "&&=&"])
def test_odd_but_honest_queries_pass(visitor: FlaskClient, query: str) -> None:
    assert visitor.get("/", environ_overrides={"QUERY_STRING": query}).status_code == 200


@given(path=st.binary(max_size=30), query=st.binary(max_size=30))
def test_no_address_makes_a_fault_of_ours(
    visitor: FlaskClient, path: bytes, query: bytes
) -> None:
    environ = {
        "PATH_INFO": "/" + path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
    }
    assert visitor.get("/", environ_overrides=environ).status_code in {200, 308, 400, 404}


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example", "//evil.example/", "///evil.example/", "//evil.example//policy"),
        *("/kk//evil.example/", "//evil.example/privacy", "/\\evil.example/", "/kk"),
        *("//policy", "/policy//history", "//privacy", "/en//privacy", "/policy;//evil.example"),
        *("/.//evil.example/", "/..//evil.example/", "https://evil.example/policy", "/@evil"),
    ],
)
def test_no_path_ever_redirects_off_the_site(visitor: FlaskClient, path: str) -> None:
    response = visitor.get("/", environ_overrides={"PATH_INFO": path})
    own = r"(?:http://localhost)?/(?![/\\]).*"
    assert re.fullmatch(own, response.headers.get("Location", "/"))
    if not response.location:
        assert response.status_code == 404


@pytest.mark.parametrize("size", [2_000, 100_000])
def test_very_long_addresses_are_only_not_found(visitor: FlaskClient, size: int) -> None:
    assert visitor.get("/" + "a" * size).status_code == 404
    assert visitor.get("/policy/" + "9" * size + "/").status_code in {404, 503}
    assert visitor.get("/?" + "a" * size).status_code == 200

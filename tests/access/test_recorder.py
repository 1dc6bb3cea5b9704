from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.rules import PUBLIC
from neupusti.core.security import authorisation
from tests.access.conftest import BROWSER, spool_lines
from tests.lending import SECRET

BODIES = {
    "streamed": ((b"a" * 10, b"b" * 5), ""),
    "padded": ((b"", b"whole", b"", b""), "5"),
    "empty": ((b"", b""), "0"),
}
"""The parts of a body, and its Content-Length."""


def open_response(
    site: Flask, path: str, **how: Any
) -> tuple[int, dict[str, str], Iterable[bytes]]:
    """Return a response as a server gets it, before the body is read."""
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started[:] = int(status[:3]), dict(headers)

    body = site.wsgi_app(EnvironBuilder(path, **how).get_environ(), start)
    return *started, body


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """The app without databases, and with views that end in every way."""
    app = create_app(Settings(secret_key=SECRET, instance=tmp_path))

    @app.get("/sent/<kind>")
    def sent(kind: str) -> Response:
        parts, length = BODIES[kind]
        return Response(iter(parts), headers={"Content-Length": length} if length else {})

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError("planted")

    @app.get("/half")
    def half() -> Response:
        def parts() -> Iterator[bytes]:
            yield b"first"
            raise RuntimeError("planted in the middle")

        return Response(parts())

    @app.get("/account/confirm/<token>")
    def confirm(token: str) -> str:
        return token

    @app.get("/reports/<string:token>/open")
    def email(token: str) -> str:
        return token

    for planted in ("sent", "broken", "half", "confirm", "email"):
        authorisation.rules(app)[planted] = PUBLIC
    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "access-spool"


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.mark.clause("3.3")
def test_a_request_is_written_down(visitor: FlaskClient, folder: Path) -> None:
    answer = visitor.get(
        "/healthz?secret=1",
        headers={"User-Agent": BROWSER, "Referer": "https://yandex.kz/search?text=tea"},
    )
    assert answer.text == "ok\n"
    (line,) = spool_lines(folder)
    assert line.pop("t") > 0
    assert line.pop("d") >= 0
    assert line.pop("q") == answer.headers["X-Request-Id"]
    assert line == {
        "i": "127.0.0.1",
        "m": "GET",
        "p": "/healthz",
        "s": 200,
        "b": 3,
        "r": "https://yandex.kz/search",
        "u": BROWSER,
        "o": "/healthz",
        "c": "",
        "g": "",
        "v": "",
    }


def test_every_kind_of_answer_is_written_down(visitor: FlaskClient, folder: Path) -> None:
    visitor.application.testing = False
    for path in ("/sent/streamed", "/broken", "/no-such-page", "/en/healthz", "/healthz/"):
        assert visitor.get(path).data
    assert visitor.post("/healthz").data
    assert visitor.get("/a%00").data
    recorded = [(line["p"], line["s"]) for line in spool_lines(folder)]
    assert recorded == [
        ("/sent/streamed", 200),
        ("/broken", 500),
        ("/no-such-page", 404),
        ("/en/healthz", 301),
        ("/healthz/", 404),
        ("/healthz", 405),
        ("(unreadable)", 400),
    ]
    assert spool_lines(folder)[0]["b"] == 15


@pytest.mark.clause("3.3")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/no-such-page", 404),
        ("GET", "/a%00", 400),
        ("GET", "/broken", 500),
        ("GET", "/sent/streamed", 200),
        ("HEAD", "/sent/streamed", 200),
        ("GET", "/sent/padded", 200),
        ("GET", "/sent/empty", 200),
    ],
)
def test_who_received_an_answer_is_written_down_already(
    site: Flask, folder: Path, method: str, path: str, status: int
) -> None:
    """A worker killed as soon as the last byte left has lost nothing."""
    whole = b"".join(open_response(site, path, method=method)[2])
    before = len(spool_lines(folder))
    answered, _, body = open_response(site, path, method=method)
    parts, received = iter(body), b""
    while len(received) < len(whole):
        received += next(parts)
    (line,) = spool_lines(folder)[before:]
    assert (line["m"], line["s"], line["b"]) == (method, answered, len(whole))
    assert answered == status
    assert list(parts) == []
    getattr(body, "close", list)()
    assert len(spool_lines(folder)) == before + 1


def test_a_cached_response_is_written_down_too(app: Flask, spool_folder: Path) -> None:
    """A cached page, one not modified, a redirect."""
    _, headers, _ = open_response(app, "/policy/feed.atom")
    assert b"".join(open_response(app, "/policy/")[2])
    for path, sent, status in (
        ("/policy/", {}, 200),
        ("/policy/feed.atom", {"If-None-Match": headers["ETag"]}, 304),
        ("/policy", {}, 308),
    ):
        before = len(spool_lines(spool_folder))
        answered, _, body = open_response(app, path, headers=sent)
        size = len(next(iter(body), b""))
        assert (answered, size > 0) == (status, status != 304)
        (line,) = spool_lines(spool_folder)[before:]
        assert (line["s"], line["b"]) == (status, size)


def test_an_answer_that_breaks_off_is_written_down(site: Flask, folder: Path) -> None:
    """The parts before the error are sent, and the line is written by then."""
    _, _, body = open_response(site, "/half")
    parts = iter(body)
    assert next(parts) == b"first"
    (line,) = spool_lines(folder)
    assert (line["p"], line["b"]) == ("/half", 5)
    with pytest.raises(RuntimeError, match="in the middle"):
        next(parts)
    getattr(body, "close", list)()
    assert len(spool_lines(folder)) == 1


def test_an_answer_nobody_waited_for_is_written_down(site: Flask, folder: Path) -> None:
    _, _, body = open_response(site, "/sent/streamed")
    assert next(iter(body)) == b"a" * 10
    assert spool_lines(folder) == []
    getattr(body, "close", list)()
    (line,) = spool_lines(folder)
    assert (line["p"], line["b"]) == ("/sent/streamed", 10)


def test_an_exception_that_nobody_caught_is_a_500(site: Flask, folder: Path) -> None:
    site.testing = True
    with pytest.raises(RuntimeError, match="planted"):
        site.test_client().get("/broken")
    (line,) = spool_lines(folder)
    assert (line["p"], line["s"]) == ("/broken", 500)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/account/confirm/s3cr3t", "/account/confirm/«…»"),
        ("/en/account/confirm/s3cr3t", "/en/account/confirm/«…»"),
        ("/reports/s3cr3t/open", "/reports/«…»/open"),
        ("/account/confirm/s3cr3t/", "/account/confirm/«…»"),
        ("/kk/reports/s3cr3t/opne", "/kk/reports/«…»"),
    ],
)
def test_a_token_of_our_own_links_is_never_written_down(
    visitor: FlaskClient, folder: Path, path: str, kept: str
) -> None:
    assert visitor.get(path).data
    (line,) = spool_lines(folder)
    assert line["p"] == kept
    assert "s3cr3t" not in str(line)


TOKEN = "q2X-9bT_4kLmZ8vR1sWc7yNdE3hGjU6aPoI5tFxQ0Bv"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/Account/CONFIRM/{}", "/Account/CONFIRM/«…»"),
        ("/account//confirm//{}", "/account/confirm/«…»"),
        ("/account/./confirm/{}", "/account/./confirm/«…»"),
        ("/acount/confirm/{}/", "/acount/confirm/«…»/"),
        ("/account/confirm={}.", "/account/confirm=«…»."),
        ("/account/confirm%2520{}", "/account/confirm%«…»"),
        ("/account/confirm%3D{}%3Ex", "/account/confirm=«…»>x"),
        ("/a-page-of-ours-that-is-gone-and-had-a-long-name-{:.0}", None),
    ],
)
def test_nor_is_the_token_of_a_mistyped_link(
    visitor: FlaskClient, folder: Path, path: str, kept: str | None
) -> None:
    requested = path.format(TOKEN)
    assert visitor.get(f"http://localhost{requested}").data
    (line,) = spool_lines(folder)
    assert TOKEN not in str(line)
    assert line["p"] == (kept or requested)


@pytest.mark.parametrize("path", ["/account/confirm/{}/x", "/kk/acount/{}", "//{}?a=b"])
def test_nor_is_the_token_of_the_page_before(
    visitor: FlaskClient, folder: Path, path: str
) -> None:
    referrer = "http://localhost" + path.format(TOKEN)
    assert visitor.get("/healthz", headers={"Referer": referrer}).data
    (line,) = spool_lines(folder)
    assert TOKEN not in str(line)
    assert line["r"].startswith("http://localhost/")
    assert line["r"].endswith("«…»")


def test_static_files_are_left_out_unless_wanted(tmp_path: Path, site: Flask) -> None:
    with site.test_request_context("/"):
        address = site.jinja_env.globals["asset"]("site.css")  # type: ignore[operator]
    assert site.test_client().get(address).data
    assert spool_lines(tmp_path / "access-spool") == []

    wanted = Settings(secret_key=SECRET, instance=tmp_path, access_static=1)
    assert create_app(wanted).test_client().get(address).data
    (line,) = spool_lines(tmp_path / "access-spool")
    assert line["p"] == address


def test_a_spool_that_fails_never_breaks_a_page(site: Flask, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    assert site.test_client().get("/healthz").text == "ok\n"


def test_a_recorder_that_fails_never_breaks_a_page(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = site.extensions["neupusti.access.spool"]
    monkeypatch.setattr(spool, "append", lambda _: 1 / 0)
    assert site.test_client().get("/healthz").text == "ok\n"
    assert spool.lost == 1

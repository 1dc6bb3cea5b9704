"""nginx keeps the photos of products, and nothing else, for when the site is away."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from neupusti.accounts.service import avatar
from neupusti.catalog.service import photos as of_products
from neupusti.core.data import files
from tests import photos
from tests.accounts.cast import account, signed_in
from tests.catalog.photo_forms import rows
from tests.catalog.staff_goods import product
from tests.conftest import SQLITE
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.people import AIGERIM
from tests.served import in_thread

pytestmark = [pytest.mark.slow, SQLITE]
Answer = tuple[int, dict[str, str], bytes]


def ask(client: ProxyClient, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = client.connection()
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of nginx."""
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture
def photo(app: Flask) -> str:
    """The address of a photo."""
    product(shown=True)
    return f"/photos/{rows()[0].name}/640.webp"


@pytest.fixture
def nginx(app: Flask, folder: Path, photo: str) -> Iterator[ProxyClient]:
    """A proxy in front of a site, which it has asked for a photo."""
    with in_thread(app) as url, proxies.nginx(port_of(url), folder) as client:
        assert ask(client, photo)[0] == 200
        yield client


def kept(folder: Path) -> list[Path]:
    return [path for path in (folder / "photos").rglob("*") if path.is_file()]


def outdate(folder: Path) -> None:
    """Let what nginx keeps be older than its term: the second number of each file."""
    for path in kept(folder):
        with path.open("r+b") as file:
            file.seek(struct.calcsize("N"))
            file.write(struct.pack("l", 1))


def test_a_photo_is_sent_while_the_site_is_away(
    app: Flask, folder: Path, photo: str
) -> None:
    direct = app.test_client().get(photo)
    with in_thread(app) as url, proxies.nginx(port_of(url), folder) as client:
        stray = ask(client, f"{photo}?size=large", Cookie="stray=1; session=forged")
        assert stray[0] == 200
        first = ask(client, photo)
        app.wsgi_app = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
        again = ask(client, photo, Cookie="theme=dark")
        assert ask(client, "/")[0] >= 500
    for status, headers, body in (stray, first, again):
        assert (status, body) == (200, direct.data)
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["ETag"] == direct.headers["ETag"]
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert not {"Set-Cookie", "X-Request-Id", "Vary"} & headers.keys()
    assert len(kept(folder)) == 1


def test_what_is_kept_answers_conditions_and_head(nginx: ProxyClient, photo: str) -> None:
    _status, headers, body = ask(nginx, photo)
    assert ask(nginx, photo, **{"If-None-Match": headers["ETag"]})[0] == 304
    head = ask(nginx, photo, "HEAD")
    assert (head[0], head[1]["Content-Length"], head[2]) == (200, str(len(body)), b"")


def test_nothing_else_is_kept(
    app: Flask, nginx: ProxyClient, folder: Path, photo: str
) -> None:
    who = account(AIGERIM)
    avatar.replace(who.number, photos.photo(), "a.jpg")
    kept_photo = avatar.get(who.number)
    assert kept_photo is not None
    session = signed_in(app, who).get_cookie("session")
    assert session is not None
    path = f"/account/avatar/{kept_photo.name}"
    cookie = f"session={session.value}"
    assert ask(nginx, path, Cookie=cookie)[0] == 200
    padded = [photo.replace("/640.", f"/{zeros}640.") for zeros in ("0", "00", "000")]
    missing = f"/photos/{'0' * 32}/640.webp"
    for other in ("/", "/policy/", missing, f"{photo}/", "/photos/", *padded):
        ask(nginx, other)
    assert len(kept(folder)) == 1


def test_a_photo_that_staff_removed_does_not_come_back(
    app: Flask, nginx: ProxyClient, folder: Path, photo: str
) -> None:
    files.destroy(of_products.FOLDER, f"{rows()[0].name}-640.webp")
    assert ask(nginx, photo)[0] == 200
    outdate(folder)
    assert ask(nginx, photo)[0] == 404
    app.wsgi_app = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    status, headers, _body = ask(nginx, photo)
    assert status == 404
    assert not {"Set-Cookie", "X-Request-Id"} & headers.keys()


def test_a_photo_past_its_term_is_sent_while_the_site_is_away(
    app: Flask, nginx: ProxyClient, folder: Path, photo: str
) -> None:
    outdate(folder)
    app.wsgi_app = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    assert ask(nginx, photo)[0] == 200

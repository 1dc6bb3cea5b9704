import gzip
import re
from base64 import b64encode
from hashlib import sha384
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.config.values import ROOT
from neupusti.core.web.static_files import StaticFile, StaticFiles, address


@pytest.fixture(scope="module")
def style(visitor: FlaskClient) -> str:
    """The address of the style sheet, as a page gives it."""
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', visitor.get("/").text)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def body(visitor: FlaskClient) -> bytes:
    """The bytes of the style sheet, as the app read them at its start."""
    asset: StaticFile = visitor.application.extensions["neupusti.assets"].by_name[
        "site.css"
    ]
    return asset.body


def test_a_name_changes_with_the_bytes_and_only_with_them(tmp_path: Path) -> None:
    names: list[str] = []
    for body in (b"a", b"b", b"a"):
        (tmp_path / "goods").mkdir(exist_ok=True)
        (tmp_path / "goods" / "site.min.css").write_bytes(body)
        names += StaticFiles(tmp_path).by_hashed_name
    assert names[0] == names[2] != names[1]
    assert re.fullmatch(r"goods/site\.min\.[0-9a-f]{12}\.css", names[0])


def test_a_file_is_cached_for_a_year(visitor: FlaskClient, style: str, body: bytes) -> None:
    response = visitor.get(style)
    assert response.data == body
    assert response.headers.getlist("Cache-Control") == [
        "public, max-age=31536000, immutable"
    ]
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in response.headers


def test_a_file_asked_for_again_is_not_sent_again(visitor: FlaskClient, style: str) -> None:
    tag = visitor.get(style).headers["ETag"]
    again = visitor.get(style, headers={"If-None-Match": tag, "Accept-Encoding": "br"})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert "immutable" in again.headers["Cache-Control"]
    other = visitor.get(style, headers={"If-None-Match": 'W/"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=0", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("deflate", None),
        ("brr, gzipped", None),
        ("br;q=2;;;q=nan,,", None),
        ("", None),
        (None, None),
    ],
)
def test_the_best_coding_a_browser_takes(
    visitor: FlaskClient, style: str, body: bytes, accepts: str | None, coding: str | None
) -> None:
    headers = {} if accepts is None else {"Accept-Encoding": accepts}
    response = visitor.get(style, headers=headers)
    assert response.headers.get("Content-Encoding") == coding
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(response.data) == body
    assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize(
    "name",
    [
        *("site.css", "site.000000000000.css", "nothing.0123456789ab.css", "", "goods/"),
        *("../wsgi.py", "%2e%2e/wsgi.py", "..%2f..%2fwsgi.py", "..\\wsgi.py"),
        *("%2fetc/passwd", "goods/../site.css", "site.css%00.svg"),
    ],
)
def test_only_hashed_names_are_served(visitor: FlaskClient, name: str) -> None:
    response = visitor.get(f"/static/{name}")
    assert response.status_code in {308, 400, 404}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("a.css", "text/css"),
        ("a.js", "text/javascript"),
        ("a.svg", "image/svg+xml"),
        ("a.webp", "image/webp"),
        ("a.b.webmanifest", "application/manifest+json"),
        ("a.exe", "application/octet-stream"),
        ("LICENSE", "application/octet-stream"),
    ],
)
def test_the_suffix_decides_the_type(name: str, mimetype: str) -> None:
    assert StaticFile(name, b"").mimetype == mimetype


def test_only_compressible_types_are_compressed() -> None:
    assert set(StaticFile("a.svg", b"<svg/>").encodings) == {"br", "gzip", "identity"}
    assert set(StaticFile("a.webp", b"RIFF").encodings) == {"identity"}


def test_every_file_of_the_tree_is_served_as_what_it_is(bare: Flask) -> None:
    client = bare.test_client()
    assets: StaticFiles = bare.extensions["neupusti.assets"]
    on_disk = {p for p in (ROOT / "static").rglob("*") if p.is_file()}
    assert {ROOT / "static" / name for name in assets.by_name} == on_disk
    for name, asset in assets.by_name.items():
        response = client.get(f"/static/{asset.hashed_name}")
        assert response.data == asset.body
        kind = response.content_type
        assert not kind.startswith("application/octet-stream"), name
        if kind.startswith(("text/", "image/svg")):
            assert kind.endswith("; charset=utf-8")


@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_a_file_has_one_address_in_all_languages(
    bare: Flask, style: str, prefix: str
) -> None:
    with bare.test_request_context("/", environ_overrides={"SCRIPT_NAME": prefix}):
        assert address("site.css") == style


def test_a_file_that_is_not_there_stops_the_page_not_the_reader(bare: Flask) -> None:
    with bare.test_request_context(), pytest.raises(KeyError):
        address("nothing.css")


def test_integrity_is_the_digest_of_the_bytes() -> None:
    wanted = f"sha384-{b64encode(sha384(b'a {}').digest()).decode()}"
    assert StaticFile("site.css", b"a {}").integrity == wanted

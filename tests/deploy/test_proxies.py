"""Request bodies and headers through the shipped proxies, and without a proxy."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from neupusti.accounts.service.avatar import LARGEST
from neupusti.catalog.service.photos import LARGEST as PHOTO_LARGEST
from neupusti.config.settings import Settings
from neupusti.core.rules import Permission
from tests import desk, lending, photos
from tests.accounts.cast import PASSWORD, account, hidden
from tests.catalog.staff_goods import ALTS, PHOTO, product
from tests.deploy import proxies
from tests.deploy.proxies import ProxyClient
from tests.lending import SECRET
from tests.people import AIGERIM, DANA
from tests.served import Served, served

PROFILE, PICTURE = "/account/profile", "/account/avatar"
pytestmark = pytest.mark.slow
FORM = "application/x-www-form-urlencoded"
BRIEF, BRIEF_RU = "The request is too large", "Слишком большой запрос"
FULL = "What you sent is larger than this form takes."
LIMIT = 64 * 1024


@dataclass(frozen=True)
class Seat:
    """A signed-in member of staff: the cookie, and the fields of a form."""

    cookie: str
    fields: dict[str, Any]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Seat]]:
    """A served site with one account, one product and one member of staff."""
    settings = Settings(secret_key=SECRET, instance=tmp_path_factory.mktemp("site"))
    with served(settings) as site:
        with lending.opened(settings) as app:
            account(AIGERIM)
            product()
            browser = desk.signed_in(app, desk.member(DANA, Permission.CONTENT))
            cookie = browser.get_cookie("session")
            assert cookie
            seat = Seat(cookie.value, desk.form(app, **ALTS))
        yield site, seat


@pytest.fixture(scope="module")
def site(opened: tuple[Served, Seat]) -> Served:
    """The served site."""
    return opened[0]


@pytest.fixture(scope="module")
def seat(opened: tuple[Served, Seat]) -> Seat:
    """The sign-in of the member of staff."""
    return opened[1]


@pytest.fixture(scope="module", params=["alone", proxies.NGINX, proxies.CADDY])
def address(
    request: pytest.FixtureRequest, site: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyClient]:
    """A client of the site itself, or of a proxy in front of it."""
    if request.param == "alone":
        yield ProxyClient(site.port)
        return
    folder = tmp_path_factory.mktemp(request.param)
    with getattr(proxies, request.param)(site.port, folder) as client:
        yield client


@pytest.fixture
def client(address: ProxyClient) -> ProxyClient:
    """A client without cookies."""
    return replace(address, cookies={})


def sign_in(client: ProxyClient) -> None:
    fields = {
        **hidden(client.ask("GET", "/account/login")[1]),
        "email": AIGERIM.email,
        "password": PASSWORD,
    }
    entered = client.ask(
        "POST", "/account/login", urlencode(fields).encode(), Content_Type=FORM
    )
    assert entered[0] == 303


def send(
    client: ProxyClient, picture: bytes, path: str = PICTURE, page: str = PROFILE
) -> tuple[int, str]:
    """Upload a picture with the CSRF token of a page."""
    file = FileStorage(io.BytesIO(picture), "photo.jpg", "picture")
    token = hidden(client.ask("GET", page)[1])
    boundary, body = encode_multipart({**token, "picture": file})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.ask("POST", path, body, Content_Type=kind)


@pytest.mark.clause("3.2.6")
def test_the_picture_gets_through_and_nothing_else_grows(client: ProxyClient) -> None:
    sign_in(client)
    assert send(client, photos.large(), "/kk/account/avatar")[0] == 303
    small = photos.encoded(photos.drawn(), "JPEG")
    largest = small + Random(7).randbytes(LARGEST - len(small))  # noqa: S311 - no secret
    for prefix in ("", "/kk", "/en"):
        assert send(client, largest, prefix + PICTURE)[0] == 303
    for size in (LARGEST + 2 * LIMIT, 6_000_000, 6 * 1024 * 1024):
        status, page = send(client, bytes(size), "/en" + PICTURE)
        assert (status, FULL in page) == (413, True), page
    status, page = send(client, bytes(LIMIT), "/en" + PROFILE)
    assert (status, BRIEF in page) == (413, True)
    for path in ("/en/account/avatar/x", "/en/account/avatars", "/de" + PICTURE):
        status, page = send(client, bytes(LIMIT), path)
        brief = BRIEF if path.startswith("/en/") else BRIEF_RU
        assert (
            (status, brief in page) == (413, True)
            if client.proxy
            else status in {404, 405, 413}
        ), (path, status)
    stranger = replace(client, cookies={})
    status, page = send(stranger, photos.large(), "/en" + PICTURE, "/account/login")
    assert (status, FULL in page) == (413, True)


def test_photos_and_tables_of_goods_get_through(client: ProxyClient, seat: Seat) -> None:
    client.cookies["session"] = seat.cookie
    largest = PHOTO + Random(7).randbytes(PHOTO_LARGEST - len(PHOTO))  # noqa: S311
    for path, field, name in (
        ("/en/admin/products/1/photos", "photo", "a.jpg"),
        ("/en/admin/products/import", "sheet", "a.csv"),
    ):
        for body, expected in ((largest, {303, 422}), (largest + bytes(200_000), {413})):
            file = FileStorage(io.BytesIO(body), name, field)
            boundary, data = encode_multipart({**seat.fields, field: file})
            kind = f"multipart/form-data; boundary={boundary}"
            status, page = client.ask("POST", path, data, Content_Type=kind)
            assert status in expected, page
            assert (FULL in page or BRIEF in page) == (status == 413)
    for path in ("/admin/products/1", "/admin/products/photos/1", "/admin/products/new"):
        status, _page = client.ask("POST", path, bytes(LIMIT + 1), Content_Type=FORM)
        assert status == 413, path


def test_a_form_may_be_as_large_as_the_site_takes(client: ProxyClient) -> None:
    fields = {**hidden(client.ask("GET", "/account/login")[1]), "more": ""}
    free = LIMIT - len(urlencode(fields))
    for spare, expected in ((0, 422), (-1, 413)):
        body = urlencode({**fields, "more": "x" * (free - spare)}).encode()
        status, page = client.ask("POST", "/en/account/login", body, Content_Type=FORM)
        assert status == expected
        assert (BRIEF in page) == (expected == 413)


def test_an_answer_that_deletes_many_cookies_gets_through(client: ProxyClient) -> None:
    strange = [f"_tracking_{number}_{'x' * 100}" for number in range(30)]
    client.cookies = dict.fromkeys(["theme", *strange], "1")
    body = urlencode({"choice": "reject"}).encode()
    headers = {"Content_Type": FORM, "Sec_Fetch_Site": "same-origin"}
    assert client.ask("POST", "/cookies/", body, **headers)[0] == 303
    assert [name for name, value in client.cookies.items() if value == ""] == ["theme"]
    assert client.ask("GET", "/policy/?" + "q" * 2000)[0] == 200

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.config.values import MailMode, Mode
from neupusti.core import clock
from neupusti.core.text.languages import Language
from neupusti.site.service.machine import SECURITY_TXT_EXPIRES, security_txt
from tests.people import BIN
from tests.times import Clock

SITE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"
BASE = "http://127.0.0.1:8000"


def locations(text: str) -> list[str]:
    """Return the paths of an index or of a file of the sitemap."""
    tree = ET.fromstring(text)  # noqa: S314 - our own
    return [urlsplit(loc.text or "").path for loc in tree.iter(f"{SITE}loc")]


def entries(client: FlaskClient) -> dict[str, dict[str, str]]:
    """Return address -> hreflang -> address of every file of the sitemap."""
    files = locations(client.get("/sitemap.xml").text)
    trees = [ET.fromstring(client.get(path).text) for path in files]  # noqa: S314
    return {
        url.findtext(f"{SITE}loc", ""): {
            link.get("hreflang", ""): link.get("href", "") for link in url.iter(LINK)
        }
        for tree in trees
        for url in tree.iter(f"{SITE}url")
    }


def test_robots_get_the_sitemap_and_the_private_paths(client: FlaskClient) -> None:
    response = client.get("/robots.txt")
    lines = response.text.splitlines()
    assert response.content_type == "text/plain; charset=utf-8"
    assert {"Disallow: /admin/", "Disallow: /account/", "Disallow: /search"} <= set(lines)
    assert {"Disallow: /*catalog/*?", "Allow: /*catalog/*?page="} <= set(lines)
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    assert client.get("/sitemap.xml").content_type == "application/xml; charset=utf-8"


@pytest.mark.usefixtures("samples")
def test_the_sitemap_knows_every_page_in_every_language(client: FlaskClient) -> None:
    listed = entries(client)
    for path in (
        "/",
        "/catalog/",
        "/catalog/road/",
        "/product/felt-thermos",
        "/policy/",
        "/policy/history/",
        "/policy/ledger/",
    ):
        wanted = {language.tag: BASE + language.prefix + path for language in Language}
        for address in wanted.values():
            assert {tag: listed[address][tag] for tag in wanted} == wanted


@pytest.mark.usefixtures("samples")
@pytest.mark.slow
def test_what_the_sitemap_lists_answers(client: FlaskClient) -> None:
    listed = entries(client)
    for address, links in listed.items():
        assert set(links.values()) <= listed.keys()
        assert client.get(urlsplit(address).path).status_code == 200, address


@pytest.mark.parametrize(
    "name", ["none/0", "catalog/9", "catalog/-1", "catalog/400000", "catalog/1000000"]
)
def test_a_file_that_is_not_listed_is_not_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/sitemap/{name}.xml").status_code == 404


def test_a_production_site_names_its_own_address_and_contact(
    made: Callable[..., Flask],
) -> None:
    client = made(
        mode=Mode.PRODUCTION,
        mail=MailMode.OUTBOX,
        base_url="https://shop.example/",
        operator_bin=BIN,
        operator_email="privacy@shop.example",
        operator_responsible="A lawyer",
    ).test_client()
    there = {"base_url": "https://shop.example"}
    response = client.get("/.well-known/security.txt", **there)
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    assert response.content_type == "text/plain; charset=utf-8"
    assert fields == {
        "Contact": "mailto:privacy@shop.example",
        "Expires": f"{SECURITY_TXT_EXPIRES}T00:00:00Z",
        "Preferred-Languages": "ru, kk, en",
        "Canonical": "https://shop.example/.well-known/security.txt",
        "Policy": "https://shop.example/policy/",
    }
    sitemap = "Sitemap: https://shop.example/sitemap.xml"
    assert sitemap in client.get("/robots.txt", **there).text


def test_without_an_e_mail_the_contact_is_a_page(client: FlaskClient) -> None:
    body = client.get("/.well-known/security.txt").text
    assert body == security_txt(BASE, "")
    assert f"Contact: {BASE}/policy/\n" in body
    assert re.fullmatch(r"(?:[A-Z][A-Za-z-]+: \S.*\n)+", body)


@pytest.mark.parametrize(("days", "due"), [(364, 0), (31, 0), (30, 1), (-1, 1), (365, 1)])
def test_make_check_reminds_of_security_txt(
    made: Callable[..., Flask], at: Clock, days: int, due: int
) -> None:
    """From a month before it expires, and if it expires in a year or more (RFC 9116)."""
    at(clock.midnight(SECURITY_TXT_EXPIRES - timedelta(days=days)))
    result = made().test_cli_runner().invoke(args=["site", "check"])
    assert result.exit_code == due
    assert ("Review it" in result.output) == bool(due)

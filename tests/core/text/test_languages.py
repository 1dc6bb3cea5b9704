import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from neupusti.core.text import languages
from neupusti.core.text.languages import Language


def language_of(page: str) -> str:
    found = re.search(r'<html lang="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("path", "status", "tag"),
    [
        ("/cookies/", 200, "ru-KZ"),
        ("/kk/cookies/", 200, "kk-KZ"),
        ("/en/cookies/", 200, "en"),
        ("/kkx", 404, "ru-KZ"),
        ("/english/", 404, "ru-KZ"),
        ("/KK/", 404, "ru-KZ"),
        ("/ru/", 404, "ru-KZ"),
        ("/kk/nowhere", 404, "kk-KZ"),
        ("/en/kk/", 404, "en"),
    ],
)
def test_the_prefix_decides_the_language(
    visitor: FlaskClient, path: str, status: int, tag: str
) -> None:
    response = visitor.get(path)
    assert response.status_code == status
    assert language_of(response.text) == tag


def test_the_browsers_own_languages_decide_nothing(visitor: FlaskClient) -> None:
    page = visitor.get("/cookies/", headers={"Accept-Language": "kk, en;q=0.5"}).text
    assert language_of(page) == "ru-KZ"


@pytest.mark.parametrize("prefix", ["/kk", "/en"])
def test_a_bare_prefix_leads_to_its_home_page(visitor: FlaskClient, prefix: str) -> None:
    response = visitor.get(prefix)
    assert response.status_code == 308
    assert response.location == f"http://localhost{prefix}/"


@pytest.mark.parametrize(
    ("path", "root", "rest"),
    [
        ("/failing/seen", "", "/failing/seen"),
        ("/kk/failing/seen", "/kk", "/failing/seen"),
        ("/en/failing/seen", "/en", "/failing/seen"),
    ],
)
def test_the_prefix_moves_to_the_script_name(
    visitor: FlaskClient, path: str, root: str, rest: str
) -> None:
    seen = visitor.get(path).get_json()
    assert (seen["root"], seen["path"]) == (root, rest)


@pytest.mark.parametrize("language", Language)
def test_every_address_is_made_in_the_language_of_the_page(
    bare: Flask, language: Language
) -> None:
    made: list[str] = []

    @bare.get("/made")
    def view() -> str:
        made.append(url_for("policy.show"))
        made.append(url_for("catalog.home"))
        return languages.current()

    assert bare.test_client().get(f"{language.prefix}/made").text == language
    assert made == [f"{language.prefix}/policy/", f"{language.prefix}/"]


def test_outside_of_a_request_the_language_is_russian() -> None:
    assert languages.current() is Language.RU


@pytest.mark.parametrize("language", Language)
def test_a_page_names_itself_in_every_language(
    visitor: FlaskClient, language: Language
) -> None:
    page = visitor.get(f"{language.prefix}/cookies/?a=b").text
    links = dict(
        re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', page)
    )
    base = "http://127.0.0.1:8000"
    assert {tag: links[tag] for tag in ("ru-KZ", "kk-KZ", "en")} == {
        "ru-KZ": f"{base}/cookies/",
        "kk-KZ": f"{base}/kk/cookies/",
        "en": f"{base}/en/cookies/",
    }


@pytest.mark.parametrize(
    "path", ["//evil.example/", "///evil.example", "/kk//evil.example/"]
)
def test_no_link_to_another_language_leaves_the_site(
    visitor: FlaskClient, path: str
) -> None:
    """`href="//evil.example/"` would be another site's address."""
    page = visitor.get("/", environ_overrides={"PATH_INFO": path}).text
    assert "evil.example" in page
    assert not re.search(r'href="(?:https?:)?//evil', page)


def test_the_prefix_is_put_behind_a_script_name_that_is_there() -> None:
    seen: list[tuple[str, str, Language]] = []

    def inner(environ: dict[str, str], _start: object) -> list[bytes]:
        language = environ[languages.KEY]
        seen.append((environ["SCRIPT_NAME"], environ["PATH_INFO"], Language(language)))
        return []

    wrapped = languages.LanguagePrefix(inner)
    wrapped({"SCRIPT_NAME": "/shop", "PATH_INFO": "/kk/a"}, lambda *_: lambda _: None)
    assert seen == [("/shop/kk", "/a", Language.KK)]


def test_the_alternates_keep_the_query() -> None:
    assert languages.alternates("/a?b=c") == {
        Language.RU: "/a?b=c",
        Language.KK: "/kk/a?b=c",
        Language.EN: "/en/a?b=c",
    }

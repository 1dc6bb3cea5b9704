"""Visitors are asked again only about categories they allowed that grew or changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import LazyString

from neupusti.consent.service import declarations
from neupusti.consent.service.declarations import (
    Declarations,
    digest,
    short_hash,
    short_hashes,
)
from neupusti.core.feature import Category, Cookie, Feature, Origin
from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, records

COUNTER = Cookie(
    name="counter",
    category=Category.STATISTICS,
    purpose="Counts visits.",
    lifetime=timedelta(days=30),
)
SECOND = replace(COUNTER, name="second")
ORIGIN = Origin(directive="img-src", source="https://counter.example")
TASTE = Cookie(name="taste", category=Category.PREFERENCES, purpose="Keeps a taste.")
BANNER = 'value="reject"'


def with_cookies(*cookies: Cookie) -> tuple[Feature, ...]:
    """Return the features of the site and one more that declares `cookies`."""
    return (*BASE_FEATURES, Feature(name="more", clauses=(), cookies=cookies))


def asks_again(app: Flask, cookie: str | None) -> bool:
    """Return whether another deployment asks the visitor who holds `cookie`."""
    page = app.test_client(use_cookies=False).get(
        "/en/", headers={"Cookie": f"consent={cookie}"}
    )
    assert page.status_code == 200
    return BANNER in page.text


@pytest.mark.parametrize(
    ("agreed", "later", "again"),
    [
        (["statistics"], [COUNTER], False),
        (["statistics"], [COUNTER, SECOND], True),
        (["statistics"], [replace(COUNTER, purpose="Counts the visits.")], False),
        (["statistics"], [replace(COUNTER, purpose_version=2)], True),
        (["statistics"], [replace(COUNTER, lifetime=timedelta(days=31))], True),
        (["statistics"], [replace(COUNTER, lifetime=timedelta(days=29))], False),
        (["statistics"], [replace(COUNTER, lifetime=None)], False),
        (["statistics"], [replace(COUNTER, set_by="Somebody else")], True),
        (["statistics"], [replace(COUNTER, prefix=True)], True),
        (["statistics"], [replace(COUNTER, domain="neupusti.kz")], True),
        (["statistics"], [replace(COUNTER, path="/shop")], False),
        (["statistics"], [replace(COUNTER, http_only=False)], True),
        (["statistics"], [replace(COUNTER, origins=(ORIGIN,))], True),
        (["statistics"], [COUNTER, TASTE], False),
        (["preferences"], [COUNTER, SECOND], False),
        (["preferences"], [], False),
        (["preferences"], [COUNTER, TASTE], True),
        ([], [COUNTER, SECOND, TASTE], False),
        (["statistics"], [], False),
    ],
)
@SQLITE
def test_only_what_touches_the_visitors_own_categories(
    with_features: Callable[..., Flask],
    agreed: list[str],
    later: list[Cookie],
    again: bool,  # noqa: FBT001 - a column of the table
) -> None:
    visitor = Visitor(with_features(*with_cookies(COUNTER)).test_client())
    visitor.choose("save", *agreed)
    then = with_features(*with_cookies(*later))
    assert asks_again(then, visitor.cookie()) is again


THIRD = replace(
    COUNTER,
    set_by="Example Analytics",
    domain="neupusti.kz",
    http_only=False,
    origins=(ORIGIN,),
    purpose_version=2,
)


@pytest.mark.parametrize(
    "less",
    [
        {"set_by": None},
        {"domain": None},
        {"http_only": True},
        {"origins": ()},
        {"purpose_version": 1},
        {"lifetime": timedelta(days=1)},
    ],
)
def test_less_asks_nobody(
    with_features: Callable[..., Flask], less: dict[str, object]
) -> None:
    visitor = Visitor(with_features(*with_cookies(THIRD)).test_client())
    visitor.choose("accept")
    now = with_features(*with_cookies(replace(THIRD, **less)))  # type: ignore[arg-type]
    assert not asks_again(now, visitor.cookie())


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_a_typo_in_one_language_asks_nobody(
    app: Flask,
    with_features: Callable[..., Flask],
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    right = declarations._texts  # noqa: SLF001 - as a mended catalogue would

    def mended(text: str | LazyString) -> dict[str, str]:
        found = right(text)
        return {**found, language.value: f"{found[language.value]}."}

    monkeypatch.setattr(declarations, "_texts", mended)
    later = with_features(*BASE_FEATURES)
    hashes = {
        site.extensions["neupusti.consent"].declarations.sha256 for site in (app, later)
    }
    assert len(hashes) == 2
    assert not asks_again(later, visitor.cookie())


@SQLITE
def test_a_category_for_more_asks_those_who_allowed_it(
    app: Flask, with_features: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    texts = declarations.CATEGORY_TEXTS
    wider = replace(texts[Category.PREFERENCES], version=2)
    monkeypatch.setitem(texts, Category.PREFERENCES, wider)
    assert asks_again(with_features(*BASE_FEATURES), visitor.cookie())


@SQLITE
def test_a_yes_given_before_versions_were_kept_still_holds(
    app: Flask, with_features: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a year is shorter than the lifetimes of then: nobody is asked for less."""
    right = declarations._describe  # noqa: SLF001

    def former(category: Category, cookies: tuple[Cookie, ...]) -> dict[str, Any]:
        found = right(category, cookies)
        del found["version"]
        for cookie in found["cookies"]:
            del cookie["purpose_version"], cookie["third_party"]
            if cookie["lifetime"]:
                cookie["lifetime"] *= 3
        return found

    monkeypatch.setattr(declarations, "_describe", former)
    visitor = Visitor(with_features(*BASE_FEATURES).test_client())
    visitor.choose("accept")
    monkeypatch.undo()
    assert not asks_again(app, visitor.cookie())


def test_a_category_that_lost_a_cookie_asks_nobody(
    with_features: Callable[..., Flask],
) -> None:
    visitor = Visitor(with_features(*with_cookies(COUNTER, SECOND)).test_client())
    visitor.choose("accept")
    assert not asks_again(with_features(*with_cookies(COUNTER)), visitor.cookie())
    assert not asks_again(with_features(*with_cookies(SECOND)), visitor.cookie())


def test_until_the_answer_only_the_changed_category_is_off(
    with_features: Callable[..., Flask],
) -> None:
    visitor = Visitor(with_features(*with_cookies(COUNTER)).test_client())
    visitor.choose("accept")
    grown = with_features(*with_cookies(COUNTER, SECOND))
    held = grown.test_client()
    held.set_cookie("consent", visitor.cookie() or "")
    held.set_cookie("theme", "dark")
    page = held.get("/en/").text
    assert "A category you allowed has changed" in page
    assert 'content="dark"' in page
    again = Visitor(held)
    again.choose("accept")
    assert BANNER not in held.get("/en/").text
    with grown.app_context():
        first, second = records()
        assert second.replaces == first.public_id


@SQLITE
def test_the_form_counts_every_word_and_attribute(app: Flask) -> None:
    def digests(*cookies: Cookie) -> tuple[str, str]:
        declared = Declarations.of(cookies)
        assert short_hashes(declared.canonical) == declared.short_hashes
        assert digest(declared.canonical) == declared.sha256
        return declared.sha256, declared.short_hashes[Category.STATISTICS]

    seen = {digests(COUNTER), digests(COUNTER, SECOND)}
    changes = {
        "name": "other", "purpose": "x", "lifetime": None, "set_by": "x", "prefix": True,
        "path": "/a", "domain": "kz", "http_only": False, "purpose_version": 2,
    }  # fmt: skip
    for name, value in changes.items():
        seen.add(digests(replace(COUNTER, **{name: value})))  # type: ignore[arg-type]
    assert len(seen) == len(changes) + 2
    assert len({short for _, short in seen}) == len(changes) + 2
    assert digests(COUNTER, SECOND) == digests(SECOND, COUNTER)
    assert len(short_hash(digest(""))) == 8

"""The manifests are complete, and each check can fail."""

from collections.abc import Iterable

import pytest
from flask import Flask

from neupusti.core.feature import Feature
from neupusti.core.registry import Registry, registry
from neupusti.core.rules import OWNER, PUBLIC, STAFF
from tests.conftest import SQLITE
from tests.contracts import completeness
from tests.contracts.completeness import CHECKS, Check, Page, Pages

NEW_PAGES = {
    "wishlist.show": Page("/wishlist/", PUBLIC, indexed=True),
    "wishlist.step": Page("/wishlist/new", PUBLIC, indexed=False),
    "wishlist.own": Page("/account/wishlist", OWNER, indexed=False),
    "wishlist.staff": Page("/admin/wishlist/", STAFF, indexed=False),
    "wishlist.deeper": Page("/admin/wishlist/new", STAFF, indexed=False),
}


SEEN: dict[str, Page] = {}


@pytest.fixture
def seen(app: Flask) -> Pages:
    """The pages of the site, requested once a run."""
    if not SEEN:
        SEEN.update(completeness.pages(app))
    return SEEN


@SQLITE
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_manifests_are_complete(app: Flask, seen: Pages, check: Check) -> None:
    assert [*check(registry(), seen)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_empty_registry_fails_every_check(check: Check) -> None:
    assert [*check(Registry(()), NEW_PAGES)]


@SQLITE
@pytest.mark.parametrize(
    ("check", "missing"),
    [
        (completeness.public_pages, ["wishlist.show"]),
        (completeness.own_pages, ["wishlist.own"]),
        (completeness.staff_pages, ["wishlist.staff"]),
    ],
)
def test_an_unlisted_page_is_found(
    app: Flask, check: Check, missing: Iterable[str]
) -> None:
    assert [*check(registry(), NEW_PAGES)] == missing


@SQLITE
def test_a_partial_retention_rule_is_not_enough(app: Flask) -> None:
    partial = [r for r in registry().retention if r.only or r.masked]
    assert partial
    for rule in partial:
        alone = Registry((Feature(name="one", clauses=(), retention=(rule,)),))
        assert rule.model.__table__.name in [*completeness.terms(alone, {})]

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Blueprint, Flask

from neupusti.core.feature import Category, Cookie, Feature, MenuItem, Page, Place
from neupusti.core.registry import Registry, registry

COOKIE = Cookie(
    name="theme",
    category=Category.PREFERENCES,
    purpose="colours",
    lifetime=timedelta(days=1),
)
HOME = Page(endpoint="shop.home", label="Home", places=frozenset({Place.HEADER}))
ABOUT = Page(endpoint="shop.about", label="About", places=frozenset({Place.FOOTER}))


def shop(name: str = "shop", **more: object) -> Feature:
    return Feature(name=name, clauses=("1.1",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("features", "what"),
    [
        ((shop(), shop()), "feature declared twice: shop"),
        (
            (shop(cookies=(COOKIE,)), shop("news", cookies=(COOKIE,))),
            "cookie declared twice: theme",
        ),
        ((shop(cookies=(COOKIE, COOKIE)),), "cookie declared twice: theme"),
        (
            (shop(pages=(HOME,)), shop("news", pages=(HOME,))),
            "page declared twice: shop.home",
        ),
    ],
)
def test_a_duplicate_declaration_stops_the_start(
    features: tuple[Feature, ...], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        Registry(features)


def test_contributions_come_in_the_order_of_the_features() -> None:
    items = [MenuItem(endpoint=f"shop.{name}", label=name) for name in "ab"]
    whole = Registry(
        (
            shop(pages=(HOME,), admin_menu=(items[0],), cookies=(COOKIE,)),
            shop("news", pages=(ABOUT,), admin_menu=(items[1],)),
        )
    )
    assert whole.pages == (HOME, ABOUT)
    assert whole.admin_menu == tuple(items)
    assert whole.cookies == (COOKIE,)
    assert (*whole.holdings, *whole.retention) == ()


def test_a_clause_names_every_feature_that_carries_it_out() -> None:
    assert Registry((shop(), shop("news"))).clauses == {"1.1": ("shop", "news")}


def test_a_menu_gets_its_own_pages() -> None:
    whole = Registry((shop(pages=(HOME, ABOUT)),))
    assert whole.pages_in(Place.HEADER) == (HOME,)
    assert whole.pages_in(Place.FOOTER) == (ABOUT,)


def test_addresses_are_the_pages_and_what_a_feature_adds() -> None:
    more = ("shop.good", {"slug": "teapot"})
    whole = Registry((shop(pages=(HOME,), addresses=lambda: [more]),))
    assert list(whole.addresses()) == [("shop.home", {}), more]


def test_installing_registers_every_blueprint() -> None:
    app = Flask(__name__)
    blueprint = Blueprint("shop", __name__)
    blueprint.add_url_rule("/", "home", lambda: "here")
    whole = Registry((shop(blueprint=blueprint), shop("silent"))).install(app)
    with app.app_context():
        assert registry() is whole
    assert app.test_client().get("/").text == "here"


OPTIONAL = Cookie(
    name="long",
    category=Category.PREFERENCES,
    purpose="Stays.",
    lifetime=timedelta(days=180),
)


def test_no_optional_cookie_may_outlive_the_consent() -> None:
    longer = replace(OPTIONAL, lifetime=timedelta(days=180, seconds=1))
    with pytest.raises(ValueError, match="long"):
        Registry((Feature(name="a", clauses=(), cookies=(longer,)),))
    for allowed in (
        OPTIONAL,
        replace(longer, lifetime=None),
        replace(longer, category=Category.NECESSARY),
    ):
        Registry((Feature(name="a", clauses=(), cookies=(allowed,)),))


def test_a_cookie_is_not_declared_and_former_in_one_place() -> None:
    both = Feature(name="a", clauses=(), cookies=(OPTIONAL,), former_cookies=(OPTIONAL,))
    with pytest.raises(ValueError, match="former"):
        Registry((both,))
    moved = replace(both, former_cookies=(replace(OPTIONAL, path="/shop"),))
    assert [cookie.path for cookie in Registry((moved,)).former_cookies] == ["/shop"]


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_of_a_third_party_keeps_its_name(*, secure: bool) -> None:
    theirs = replace(OPTIONAL, name="_ga", set_by="Example Analytics")
    assert theirs.wire_name(secure=secure) == "_ga"
    assert replace(theirs, set_by=None).wire_name(secure=True) == "__Host-_ga"

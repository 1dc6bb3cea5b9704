"""For every route, visitor and way of setting: only cookies with consent are sent."""

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor
from tests.consent.cookie_attempts import (
    OPTIONAL,
    SPELLINGS,
    STATES,
    WAYS,
    set_names,
    visitors,
)

NAMES = st.lists(st.sampled_from([*OPTIONAL, "consent", "session"]), max_size=3)
OTHERS = (
    "/cookies/receipt/",
    "/account/login",
    "/no-such-page",
    "/static/none.css",
    "/readyz",
)


def addresses(app: Flask) -> list[str]:
    """Return every public page, some missing ones, and every attempt to set a cookie."""
    with app.test_request_context():
        found = [app.url_for(e, **values) for e, values in registry().addresses()]
    return [*found, *OTHERS, *(f"/tries?way={way}" for way in WAYS)]


def restore(visitor: Visitor, kept: str | None) -> None:
    """Restore the state the visitor was in before."""
    if kept:
        visitor.client.set_cookie("consent", kept, httponly=True)
    else:
        visitor.client.delete_cookie("consent")


@SQLITE
@pytest.mark.clause("1.1.7")
@pytest.mark.slow
def test_no_way_of_setting_a_cookie_gets_past_the_middleware(attempts_app: Flask) -> None:
    """Try every route and every way of setting a cookie, as every visitor."""
    people = visitors(attempts_app)
    routes = st.sampled_from(addresses(attempts_app))

    @settings(max_examples=400)
    @given(
        route=routes,
        state=st.sampled_from(list(STATES)),
        names=NAMES,
        spelling=st.sampled_from(SPELLINGS),
        signal=st.booleans(),
        method=st.sampled_from(["GET", "HEAD", "POST"]),
        prefix=st.sampled_from(["", "/kk", "/en"]),
    )
    def attempt(  # noqa: PLR0913, PLR0917 - what hypothesis varies
        route: str,
        state: str,
        names: list[str],
        spelling: str,
        signal: bool,  # noqa: FBT001
        method: str,
        prefix: str,
    ) -> None:
        attempts_app.testing = False
        query = "&".join([f"spelling={spelling}", *(f"name={name}" for name in names)])
        address = f"{prefix}{route}{'&' if '?' in route else '?'}{query}"
        headers = OWN | ({"Sec-GPC": "1"} if signal else {})
        client = people[state].client
        kept = people[state].cookie()
        response = client.open(address, method=method, headers=headers, buffered=True)
        restore(people[state], kept)
        granted = {"necessary", *(STATES[state] or ())}
        allowed = {name for name, category in OPTIONAL.items() if category in granted}
        assert set_names(response) <= allowed | {"consent", "session"}

    attempt()

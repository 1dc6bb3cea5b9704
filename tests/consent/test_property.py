"""Whatever the route, the visitor and the trick: only what was granted leaves."""

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor
from tests.consent.tricks import OPTIONAL, SPELLINGS, STATES, WAYS, set_names, visitors

NAMES = st.lists(st.sampled_from([*OPTIONAL, "consent", "session"]), max_size=3)
OTHERS = (
    "/cookies/receipt/",
    "/account/login",
    "/no-such-page",
    "/static/none.css",
    "/readyz",
)


def addresses(app: Flask) -> list[str]:
    """Return every public page, some that are none, and every trick."""
    with app.test_request_context():
        found = [app.url_for(e, **values) for e, values in registry().addresses()]
    return [*found, *OTHERS, *(f"/tries?way={way}" for way in WAYS)]


def put_back(visitor: Visitor, kept: str | None) -> None:
    """Let the visitor be in the same state as before."""
    if kept:
        visitor.client.set_cookie("consent", kept, httponly=True)
    else:
        visitor.client.delete_cookie("consent")


@SQLITE
@pytest.mark.clause("1.1.7")
def test_no_way_of_setting_a_cookie_gets_past_the_gate(tried: Flask) -> None:
    """Every route of the site and every trick, by every visitor: only what was granted."""
    people = visitors(tried)
    routes = st.sampled_from(addresses(tried))

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
    def whatever_happens(  # noqa: PLR0913, PLR0917 - what hypothesis varies
        route: str,
        state: str,
        names: list[str],
        spelling: str,
        signal: bool,  # noqa: FBT001
        method: str,
        prefix: str,
    ) -> None:
        tried.testing = False
        query = "&".join([f"spelling={spelling}", *(f"name={name}" for name in names)])
        address = f"{prefix}{route}{'&' if '?' in route else '?'}{query}"
        headers = OWN | ({"Sec-GPC": "1"} if signal else {})
        client = people[state].client
        kept = people[state].cookie()
        response = client.open(address, method=method, headers=headers, buffered=True)
        put_back(people[state], kept)
        granted = {"necessary", *(STATES[state] or ())}
        allowed = {name for name, category in OPTIONAL.items() if category in granted}
        assert set_names(response) <= allowed | {"consent", "session"}

    whatever_happens()

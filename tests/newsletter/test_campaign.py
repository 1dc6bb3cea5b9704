"""The cookie of a campaign: with consent only, the first one counts, orders as a number."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.newsletter.feature import CAMPAIGN_DAYS
from neupusti.newsletter.models import CampaignOrders
from neupusti.orders.service import placing
from neupusti.retention.service.sweeps import sweep
from tests.conftest import SQLITE
from tests.orders import cast as orders
from tests.times import NOON, Clock

OWN = {"Sec-Fetch-Site": "same-origin"}
ADDRESS = "/?utm_source=newsletter&utm_campaign=issue-1"


@pytest.fixture
def agreed(client: FlaskClient) -> FlaskClient:
    """A browser that agreed to marketing, and to nothing else."""
    choice = {"choice": "save", "category": "marketing"}
    client.post("/cookies/", data=choice, headers=OWN)
    return client


def value(browser: FlaskClient) -> str | None:
    found = browser.get_cookie("campaign")
    return found.value if found else None


def counted() -> dict[str, int]:
    db.session.rollback()
    return {row.campaign: row.orders for row in db.session.scalars(select(CampaignOrders))}


@SQLITE
@pytest.mark.clause("3.3.1")
@pytest.mark.manifest(field="cookies")
def test_without_consent_nothing_is_kept(client: FlaskClient) -> None:
    client.get(ADDRESS)
    assert value(client) is None
    choice = {"choice": "save", "category": "statistics"}
    client.post("/cookies/", data=choice, headers=OWN)
    client.get(ADDRESS)
    assert value(client) is None


@SQLITE
@pytest.mark.clause("3.3.1")
def test_the_first_campaign_is_kept_until_the_consent_ends(agreed: FlaskClient) -> None:
    agreed.get(ADDRESS)
    assert value(agreed) == "newsletter.issue-1"
    agreed.get("/catalog/?utm_campaign=other")
    assert value(agreed) == "newsletter.issue-1"
    agreed.post("/cookies/", data={"choice": "withdraw"}, headers=OWN)
    assert value(agreed) is None


@SQLITE
@pytest.mark.parametrize(
    "query",
    [
        "utm_campaign=",
        "utm_campaign=a%20b",
        "utm_campaign=" + "a" * 37,
        "utm_campaign=%D0%B0",
        "utm_campaign=a%0D%0ASet-Cookie:x",
        "utm_source=a.b&utm_campaign=c",
    ],
    ids=["empty", "space", "long", "letters", "line", "dot"],
)
def test_an_odd_name_is_not_kept(agreed: FlaskClient, query: str) -> None:
    assert agreed.get(f"/?{query}").status_code == 200
    assert value(agreed) is None


@pytest.mark.parametrize("kept", ["issue-1", "x'); DROP", "", None])
def test_orders_of_a_campaign_are_counted_once(
    app: Flask, agreed: FlaskClient, kept: str | None
) -> None:
    if kept is not None:
        agreed.set_cookie("campaign", kept)
    product = orders.product("a")
    with app.test_request_context(headers={"Cookie": cookies_of(agreed)}):
        basket = orders.filled((product, 1))
        for _press in range(2):
            placing.place(basket, orders.BUYER, orders.COURIER, orders.PROOF)
    expected = {"issue-1": 1} if kept == "issue-1" else {}
    assert counted() == expected


def cookies_of(browser: FlaskClient) -> str:
    found = browser.get_cookie("campaign")
    return f"campaign={found.value}" if found else ""


@SQLITE
@pytest.mark.clause("5.1")
def test_the_numbers_go_a_year_after_the_last_order(app: Flask, at: Clock) -> None:
    at(NOON)
    db.session.add(CampaignOrders(campaign="issue-1", orders=9, last_at=NOON))
    db.session.commit()
    at(NOON + timedelta(days=CAMPAIGN_DAYS))
    sweep(registry().retention)
    assert counted() == {}

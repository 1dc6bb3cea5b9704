"""The receipt names what a press changed; "withdrawn" only where nothing is left."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.consent.models import ALL, ConsentCount
from neupusti.core.data.database import db
from neupusti.core.feature import Category
from tests.conftest import SQLITE
from tests.consent.conftest import Visitor

pytestmark = SQLITE


def receipt(visitor: Visitor) -> dict[str, Any]:
    """Return the visitor's own receipt."""
    content: dict[str, Any] = json.loads(visitor.client.get("/cookies/receipt.json").text)
    return content


@pytest.mark.parametrize(
    ("first", "then", "whole", "events"),
    [
        ("", "", "consent refused, page", "refused refused refused"),
        ("", "statistics", "consent given, page", "refused given refused"),
        ("statistics", "", "consent withdrawn, withdrawal", "refused withdrawn refused"),
        (
            "preferences",
            "statistics",
            "consent given, page",
            "withdrawn given refused",
        ),
        (
            "preferences,statistics",
            "statistics",
            "consent given, page",
            "withdrawn kept refused",
        ),
        (
            "marketing",
            "marketing,preferences",
            "consent given, page",
            "given refused kept",
        ),
    ],
)
def test_each_category_has_the_event_of_this_press(
    attempts_app: Flask, first: str, then: str, whole: str, events: str
) -> None:
    visitor = Visitor(attempts_app.test_client())
    for chosen in (first, then):
        visitor.choose("save", *filter(None, chosen.split(",")))
    content = receipt(visitor)
    event = content["event"]
    assert f"{event['event_state']}, {event['source']}" == whole
    found = {
        purpose["purpose_type"]: purpose["event"]
        for purpose in content["pii_processing"]["purposes"]
    }
    assert found.pop("necessary") == "necessary"
    order = ("preferences", "statistics", "marketing")
    assert [found[name] for name in order] == events.split()


def test_the_page_of_the_receipt_says_what_was_given_and_taken(
    attempts_app: Flask,
) -> None:
    visitor = Visitor(attempts_app.test_client())
    visitor.choose("save", "preferences")
    visitor.choose("save", "statistics")
    page = visitor.client.get("/en/cookies/receipt/").text
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td>', page))
    assert rows["Newly allowed"] == "statistics"
    assert rows["Withdrawn"] == "preferences"
    assert rows["How"] == "On the cookies page"


def test_a_press_that_gives_and_takes_is_counted_as_partly(attempts_app: Flask) -> None:
    visitor = Visitor(attempts_app.test_client())
    visitor.choose("save", "preferences")
    visitor.choose("save", "statistics")
    visitor.choose("reject")
    with attempts_app.app_context():
        counts = {
            (row.category, row.outcome): row.number
            for row in db.session.scalars(select(ConsentCount))
        }
    assert counts[ALL, "partly"] == 2
    assert counts[ALL, "withdrawn"] == 1
    assert counts[Category.PREFERENCES, "withdrawn"] == 1

"""Each wording has versions by language: editorial ones ask nobody, material ones do."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flask import Flask

from neupusti.consent.service import wordings
from neupusti.core import clock
from neupusti.core.data.database import db
from tests.conftest import SQLITE
from tests.consent.conftest import OWN, Visitor, records
from tests.consent.test_asking_again import COUNTER, SECOND, with_cookies
from tests.times import Clock

REWORDED = replace(COUNTER, purpose="Counts the visits.")
Make = Callable[..., Flask]


def seen(app: Flask, language: str = "") -> str:
    """Return the mark of the wording that the cookies page shows."""
    page = app.test_client().get(f"{language}/cookies/").text
    return page.split('name="seen" value="')[1].split('"')[0]


def answer(app: Flask, language: str = "", mark: str = "") -> None:
    """Let a new visitor agree on the cookies page."""
    data = {"choice": "accept", "seen": mark or seen(app, language)}
    app.test_client().post(f"{language}/cookies/", data=data, headers=OWN)


def test_a_version_is_editorial_or_material_by_language(
    with_features: Make, at: Clock
) -> None:
    begun = clock.now()
    versions = (
        (COUNTER,),
        (REWORDED,),
        (REWORDED, SECOND),
        (replace(REWORDED, lifetime=timedelta(days=1)), SECOND),
    )
    for day, cookies in enumerate(versions):
        at(begun + timedelta(days=day))
        site = with_features(*with_cookies(*cookies))
        answer(site)
        if day > 1:
            answer(site, "/kk")
    with site.app_context():
        found = [(v.language, v.number, v.kind.value) for v in wordings.versions()]
        db.session.rollback()
    assert found == [
        ("kk", 1, "material"),
        ("kk", 2, "editorial"),
        ("ru", 1, "material"),
        ("ru", 2, "editorial"),
        ("ru", 3, "material"),
        ("ru", 4, "editorial"),
    ]
    output = site.test_cli_runner().invoke(args=["consent", "wordings"]).output
    assert [line.split()[:4] for line in output.splitlines()] == [
        ["page", language, str(number), kind] for language, number, kind in found
    ]


@SQLITE
def test_the_receipt_names_the_version(with_features: Make, at: Clock) -> None:
    begun = clock.now()
    for day, cookies in enumerate(((COUNTER,), (REWORDED,))):
        at(begun + timedelta(days=day))
        visitor = Visitor(with_features(*with_cookies(*cookies)).test_client())
        visitor.choose("accept")
        content = json.loads(visitor.client.get("/cookies/receipt.json").text)
        page = visitor.client.get("/en/cookies/receipt/").text
        kind = ("material", "editorial")[day]
        assert content["pii_processing"]["notice_version"] == day + 1
        assert content["pii_processing"]["notice_change"] == kind
        assert ("2, only the wording has changed" in page) is (kind == "editorial")


def test_a_form_left_open_over_a_mended_word_still_counts(
    with_features: Make,
) -> None:
    before = with_features(*with_cookies(COUNTER))
    mark = seen(before)
    answer(before, mark=mark)
    for cookies, counts in (((REWORDED,), True), ((REWORDED, SECOND), False)):
        site = with_features(*with_cookies(*cookies))
        with site.app_context():
            number = len(records())
            answer(site, mark=mark)
            assert len(records()) - number == counts
            assert records()[-1].wording.startswith(mark)
            db.session.rollback()

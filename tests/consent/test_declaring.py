"""Run the example of docs/cookies.md: one declaration, and everything else follows."""

import re
from collections.abc import Callable
from dataclasses import fields

import pytest
from flask import Flask, Response

from neupusti.config.values import ROOT
from neupusti.core.feature import Cookie, Feature
from neupusti.core.web import cookies
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, add_view, records

PAGE = (ROOT / "docs" / "cookies.md").read_text()


@pytest.fixture
def example(with_features: Callable[..., Flask]) -> Flask:
    """The site with the feature of the page, and a view that sets its cookie."""
    source = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(source, names)  # noqa: S102 - the page's own words
    feature = names["FEATURE"]
    assert isinstance(feature, Feature)
    (recent,) = feature.cookies
    app = with_features(*BASE_FEATURES, feature)

    def look() -> Response:
        response = Response(cookies.value_of(recent) or "nothing")
        cookies.put(response, recent, "teapot")
        return response

    add_view(app, "/look", look)
    return app


@SQLITE
def test_the_table_and_the_banner_name_it(example: Flask) -> None:
    client = example.test_client()
    table = client.get("/en/cookies/").text
    assert "<code>recent</code>" in table
    assert "Keeps the goods you looked at last." in table
    assert "30 days" in table
    output = example.test_cli_runner().invoke(args=["consent", "cookies"]).output
    assert "recent" in output


@SQLITE
@pytest.mark.parametrize("action", [None, "reject", "accept"])
def test_it_is_set_and_read_only_after_a_yes(example: Flask, action: str | None) -> None:
    visitor = Visitor(example.test_client())
    if action:
        visitor.choose(action)
    answers = [visitor.client.get("/look") for _ in range(2)]
    agreed = action == "accept"
    assert [answer.text for answer in answers] == [
        "nothing",
        "teapot" if agreed else "nothing",
    ]
    for answer in answers:
        set_ = [*answer.headers.getlist("Set-Cookie"), ""]
        line = next((one for one in set_ if one.startswith("recent=")), "")
        assert ("recent=teapot" in line) is agreed
        assert ("Max-Age=2592000; HttpOnly; Path=/; SameSite=Lax" in line) is agreed


@SQLITE
def test_who_agreed_before_is_asked_again_and_then_it_is_in_the_proof(
    app: Flask, example: Flask
) -> None:
    before = Visitor(app.test_client())
    before.choose("accept")
    now = Visitor(example.test_client())
    now.client.set_cookie("consent", before.cookie() or "")
    assert "has changed" in now.client.get("/en/").text
    now.choose("accept")
    assert "recent" in now.client.get("/cookies/receipt.json").text
    assert len(records()) == 2
    now.client.get("/look")
    assert now.cookie("recent") == "teapot"
    now.choose("withdraw")
    assert now.cookie("recent") is None


def test_the_page_names_every_field_of_a_declaration() -> None:
    output = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE)))
    )
    assert {field.name for field in fields(Cookie)} <= output

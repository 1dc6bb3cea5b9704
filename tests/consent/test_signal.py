"""Global Privacy Control: a refusal that needs no banner, and that a yes overrides."""

from flask.testing import FlaskClient

from tests.conftest import SQLITE
from tests.consent.conftest import Visitor, records

pytestmark = SQLITE

SIGNAL = {"Sec-GPC": "1"}
BANNER = 'value="reject"'


def test_the_signal_is_a_refusal_without_a_question(visitor: Visitor) -> None:
    page = visitor.client.get("/en/policy/", headers=SIGNAL)
    assert BANNER not in page.text
    assert "It is honoured" in page.text
    assert "autofocus" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers
    assert records() == []
    assert BANNER in visitor.client.get("/en/policy/").text


def test_an_explicit_yes_goes_before_the_signal(visitor: Visitor) -> None:
    visitor.choose("accept", headers=SIGNAL)
    page = visitor.client.get("/en/policy/", headers=SIGNAL).text
    assert "It is honoured" not in page
    assert 'value="withdraw"' in page
    assert records()[-1].source == "page"


def test_a_refusal_that_confirms_the_signal_says_so(visitor: Visitor) -> None:
    visitor.choose("reject", headers=SIGNAL)
    assert [(r.source, r.granted) for r in records()] == [("signal", "")]


def test_an_expired_yes_gives_way_to_the_signal(visitor: Visitor) -> None:
    visitor.client.set_cookie("consent", "1.pAAAAAAAA.t00000.AAAAAAAAAAAAAAAA." + "A" * 22)
    assert "It is honoured" in visitor.client.get("/en/", headers=SIGNAL).text


def test_the_site_says_so_to_programs(client: FlaskClient) -> None:
    output = client.get("/.well-known/gpc.json")
    assert output.mimetype == "application/json"
    assert output.json == {"gpc": True, "lastUpdate": "2026-11-01"}

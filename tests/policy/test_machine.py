from datetime import datetime
from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from neupusti.policy.service.editions import SHIPPED
from tests.conftest import SQLITE

pytestmark = SQLITE

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.clause("9.3")
@pytest.mark.parametrize(
    ("prefix", "tag"), [("", "ru-KZ"), ("/kk", "kk-KZ"), ("/en", "en")]
)
def test_the_json_holds_the_whole_edition(
    client: FlaskClient, prefix: str, tag: str
) -> None:
    json = client.get(f"{prefix}/policy/current.json").json
    assert json is not None
    assert (json["date"], json["language"], json["kind"]) == (
        "2026-11-26",
        tag,
        "editorial",
    )
    clauses = [clause for section in json["sections"] for clause in section["clauses"]]
    assert len(clauses) == 73
    assert datetime.fromisoformat(json["effective_from"]).utcoffset() is not None
    assert len(json["editions"]) == 9
    path = clauses[0]["url"].removeprefix("http://127.0.0.1:8000")
    assert client.get(path).status_code == 200


def test_the_sum_is_that_of_the_published_text(client: FlaskClient) -> None:
    json = client.get("/policy/current.json").json
    assert json is not None
    text = (SHIPPED / "2026-11-26.ru.txt").read_bytes()
    assert json["sha256"] == sha256(text).hexdigest()


@pytest.mark.parametrize("path", ["/policy/current.json", "/policy/feed.atom"])
def test_an_unchanged_answer_is_not_sent_twice(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.clause("9.3")
@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_the_feed_announces_every_edition(client: FlaskClient, prefix: str) -> None:
    response = client.get(f"{prefix}/policy/feed.atom")
    feed = ET.fromstring(response.text)  # noqa: S314 - our own answer
    entries = feed.findall(f"{ATOM}entry")
    assert response.mimetype == "application/atom+xml"
    assert len(entries) == 3
    assert feed.findtext(f"{ATOM}updated")
    for entry in entries:
        address = entry.find(f"{ATOM}link")
        assert address is not None
        path = address.attrib["href"].removeprefix("http://127.0.0.1:8000")
        assert client.get(path).status_code == 200

"""Technical problems do not mislead: who, what, when, and what got through."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from neupusti.access.models import Finding
from neupusti.access.recording.line import STATIC_ROUTE, Entry
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.statistics.queries.errors import path_pattern
from tests import desk
from tests.access import logs
from tests.access.conftest import NOW, csrf_token, entry
from tests.conftest import SQLITE
from tests.people import BOLAT
from tests.times import Clock

PROBLEMS = "/en/admin/access/problems/"
ATTACKER = "198.51.100.9"
SECRETS = ("/.env", "/.git/config", "/backup.sql", "/id_rsa.old", "/wp-config.php.bak")


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


def ago(**parts: float) -> object:
    return NOW - timedelta(**parts)


def attack(status: int = 404, ip: str = ATTACKER, days: int = 1) -> list[Entry]:
    """Return requests for secrets, the last one answered with `status`."""
    start = NOW - timedelta(days=days)
    entries = [
        entry(start + timedelta(seconds=at), ip=ip, path=path, status=404)
        for at, path in enumerate(SECRETS)
    ]
    last = start + timedelta(seconds=9)
    return [*entries, entry(last, ip=ip, path="/secrets.yml", status=status)]


def section(page: str, name: str) -> str:
    """Return the section whose heading has this id."""
    return page.split(f'id="{name}"')[1].split("<section", maxsplit=1)[0]


def sentences(page: str) -> list[str]:
    """Return the texts of the findings."""
    found = re.findall(r'<a href="[^"]*/findings/[^"]*">([^<]*)</a>', page)
    return [text.replace("\xa0", " ").replace("&#39;", "'") for text in found]


@SQLITE
@pytest.mark.clause("3.3.2")
def test_a_sentence_tells_who_what_when_the_share_and_what_got_through(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load([*attack(), entry(NOW - timedelta(days=1, hours=1), status=404, path="/x")])
    load([entry(NOW - timedelta(days=1, hours=2), status=500, path="/y")])
    (told,) = sentences(staff.get(PROBLEMS).text)
    assert re.fullmatch(
        r"198\.51\.100\.0 · [A-Z]{1,2} asked for files that are not public \(21\.11\. 12:00"
        r", requests: 6\)\. That is 75 % of all errors of that day\. Nothing got through\.",
        told,
    )


@SQLITE
def test_what_was_answered_stands_first(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load(attack(days=2, ip="203.0.113.5") * 3)
    load(attack(200))
    exposed, answered, harmless = sentences(staff.get(PROBLEMS).text)
    assert exposed.startswith("The site gave out “/secrets.yml”")
    assert answered.endswith("What the site answered: /secrets.yml.")
    assert harmless.endswith("Nothing got through.")


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_findings_are_told_in_every_language(
    staff: FlaskClient, load: Callable[..., None], language: Language
) -> None:
    load(attack(200))
    page = staff.get(f"{language.prefix}/admin/access/problems/").text
    assert len(sentences(page)) == 2
    english = "asked for files that are not public" in page
    assert english == (language is Language.EN)


@pytest.mark.clause("3.3.2")
def test_a_finding_leads_to_its_requests(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load([*attack(200), entry(NOW - timedelta(days=1), ip="198.51.100.8", path="/mine")])
    links = re.findall(r'href="([^"]*/findings/[^"]*)"', staff.get(PROBLEMS).text)
    for link in links:
        page = staff.get(link).text
        assert ATTACKER not in page
        assert "/secrets.yml" in section(page, "evidence")
        assert "/mine" not in page
        rows = section(page, "rows")
        assert rows.count("198.51.100.0 · ") == rows.count("GET /") > 0
    everything = staff.get(next(one for one in links if "http-sensitive" in one)).text
    assert section(everything, "rows").count("GET /") == 6
    assert section(everything, "addresses").count("198.51.100.0 · ") == 1


@SQLITE
@pytest.mark.parametrize("scope", ["network", "behaviour", "storm"])
def test_a_finding_about_many_shows_them_all(
    staff: FlaskClient, load: Callable[..., None], scope: str
) -> None:
    start = NOW - timedelta(hours=3)
    ips = {
        "network": [f"2001:db8:1:2::{at:x}" for at in range(1, 13)],
        "behaviour": [f"{at}.{at}.1.1" for at in range(1, 13)],
        "storm": [f"{at}.{at}.1.1" for at in range(1, 13)],
    }[scope]
    path, status = ("/checkout/", 502) if scope == "storm" else ("/.env", 302)
    load(
        entry(
            start + timedelta(seconds=at),
            ip=ip,
            path=f"/{at}{path}" if scope == "network" else path,
            status=status,
        )
        for at, ip in enumerate(ips)
    )
    page = staff.get(PROBLEMS).text
    (link,) = re.findall(r'href="([^"]*/findings/[^"]*)"', page)
    assert "ddresses: 12" in sentences(page)[0] or "behave alike: 12" in sentences(page)[0]
    rows = section(staff.get(link).text, "rows")
    assert rows.count("GET /") == 12


@SQLITE
@pytest.mark.parametrize(
    "path", ["2026-11-21/http-probing.00/", "2026-11-21/x/", "yesterday/x/", "0/0/"]
)
def test_there_is_no_other_finding(staff: FlaskClient, path: str) -> None:
    assert staff.get(f"/en/admin/access/findings/{path}").status_code == 404


def test_findings_are_not_for_everybody(
    app: Flask, client: FlaskClient, load: Callable[..., None], engine: Engine
) -> None:
    load(attack())
    with engine.connect() as connection:
        found = connection.execute(select(Finding)).one()
    path = f"/en/admin/access/findings/{found.day}/{found.key}/"
    other = desk.signed_in(app, desk.member(BOLAT, Permission.PRIVACY))
    for browser in (client, other):
        answer = browser.get(path)
        assert answer.status_code in {303, 403}
        assert "198.51.100" not in answer.text


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/orders/17/lines/3", "/orders/…/lines/…"),
        ("/orders/NP-261122-7K3F-5/pay", "/orders/…/pay"),
        ("/f/9f86d081884c7d65.bin", "/f/….bin"),
        ("/u/6b2f1a52-0d1e-4b7c-9a51-2f3c4d5e6f70", "/u/…"),
        ("/img_0012.jpg", "/img_….jpg"),
        ("/v2/feedback", "/v2/feedback"),
        ("/catalog/deadbeef", "/catalog/deadbeef"),
    ],
)
def test_what_differs_for_each_thing_is_folded(path: str, pattern: str) -> None:
    assert path_pattern(path) == pattern


def test_faults_are_grouped_by_what_their_paths_share(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    at = NOW - timedelta(hours=1)
    load([
        *(
            entry(at, ip=f"198.51.100.{n}", path=f"/orders/{n}", status=500)
            for n in range(1, 9)
        ),
        entry(at, ip="198.51.100.3", path="/orders/3", status=500),
        entry(at, path="/x.css", route=STATIC_ROUTE, status=502),
        entry(at, path="/policy/2026-01-01/", route="/policy/<day>/", status=500),
    ])  # fmt: skip
    faults = section(staff.get(PROBLEMS).text, "faults")
    rows = faults.split("</table>")[0].split("<tr>")[2:]
    assert [re.findall(r"<code>([^<]*)", row) for row in rows] == [
        ["/orders/…", "/orders/3"],
        ["/policy/&lt;day&gt;/", "/policy/2026-01-01/"],
        ["/x.css", "/x.css"],
    ]
    assert ">9</td>" in rows[0]
    assert rows[0].count("198.51.100.0 · ") == 3
    assert "and 5 more" in rows[0]


def test_links_that_people_miss_are_told_apart(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    at = NOW - timedelta(hours=1)
    load([
        *attack(),
        entry(at, path="/old", status=404, referrer="https://ok.ru/a"),
        entry(at, path="/guess", status=404, user_agent=logs.CRAWLERS[1]),
    ])  # fmt: skip
    for query in ("", "?is=method:GET"):
        page = staff.get(f"/en/admin/access/list/broken/{query}").text
        assert "/old ← https://ok.ru/a" in page
        assert "/guess" not in page
        assert "/.env" not in page
        page = staff.get(f"/en/admin/access/list/robot_404/{query}").text
        assert "/guess" in page
        assert "/.env" not in page
    page = staff.get(PROBLEMS).text
    assert "https://ok.ru/a" in section(page, "broken")
    assert "/guess" in section(page, "robot_404")


def test_addresses_of_one_network_are_told_apart(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load(
        entry(NOW - timedelta(hours=day * 24 + 1), ip=f"192.168.4.{ip}", path=f"/{ip}")
        for ip in range(1, 41)
        for day in range(2)
    )
    names = re.findall(
        r"192\.168\.4\.0 · ([A-Z]+)", staff.get("/en/admin/access/addresses/").text
    )
    assert len(set(names)) == 40
    live = staff.get("/en/admin/access/live/").text
    assert live.count("192.168.4.0 · ") == 50
    assert re.search(r"192\.168\.4\.[1-9]", live) is None


@SQLITE
def test_the_name_of_an_address_is_another_on_another_day(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    """Of forty, one in 256 keeps its name by chance."""
    load(
        entry(NOW - timedelta(days=day, hours=1), ip=f"192.168.4.{ip}")
        for ip in range(1, 41)
        for day in range(2)
    )
    path = "/en/admin/access/addresses/?period={}"
    one, other = (
        re.findall(r"192\.168\.4\.0 · ([A-Z]+)", staff.get(path.format(day)).text)
        for day in ("today", "yesterday")
    )
    assert len(one) == len(other) == 40
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 10


@SQLITE
def test_the_whole_address_still_needs_a_reason(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load(attack())
    page = staff.get(PROBLEMS).text
    link = re.findall(r'href="([^"]*/findings/[^"]*)"', page)[0]
    rows = re.findall(r'href="(/en/admin/access/addresses/\d+/)"', staff.get(link).text)
    assert rows
    shown = staff.get(rows[0]).text
    assert ATTACKER not in shown
    reason = {"csrf_token": csrf_token(shown), "reason": "an attack"}
    assert ATTACKER in staff.post(rows[0], data=reason).text

import json
import random
import subprocess
import tarfile
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from neupusti.access.ingest import geo
from neupusti.access.ingest.agents import DECLARED, FORGED, NONE, SUSPECTED, parse_agent
from neupusti.access.ingest.findings import identity
from neupusti.access.ingest.geo import Countries, verify_crawler
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import Rollup
from neupusti.core import clock
from tests.access import logs
from tests.access.conftest import entry, rows
from tests.conftest import missing

LIST = "2.1.198"
DIGEST = "581c4f5074669b6f125263b8ddf302d221a26a06842488c6cc8d50dc5c5c0851"
"""SHA-256 of the packed list: it is BSD-2-Clause, fetched and not copied in here."""
GOOGLEBOT = logs.CRAWLERS[0]


@pytest.mark.parametrize("text", logs.PEOPLE)
def test_people_are_no_robots(text: str) -> None:
    found = parse_agent(text)
    assert (found.bot, found.reason) == (NONE, "")
    assert found.browser != "Other"


@pytest.mark.parametrize(
    ("text", "browser", "os", "device"),
    [
        (logs.PEOPLE[0], "Chrome", "Windows", "desktop"),
        (logs.PEOPLE[1], "Mobile Safari", "iOS", "phone"),
        (logs.PEOPLE[2], "Chrome Mobile", "Android", "phone"),
        (logs.PEOPLE[3], "Firefox", "Windows", "desktop"),
        (logs.PEOPLE[4], "Yandex Browser", "Android", "phone"),
        (logs.PEOPLE[6], "Mobile Safari", "iOS", "tablet"),
    ],
)
def test_a_browser_is_parsed(text: str, browser: str, os: str, device: str) -> None:
    found = parse_agent(text)
    assert (found.browser, found.os, found.device) == (browser, os, device)


@pytest.mark.parametrize(
    ("text", "bot", "reason"),
    [
        (GOOGLEBOT, DECLARED, "self:Googlebot"),
        ("curl/8.5.0", DECLARED, "listed:^curl"),
        ("", SUSPECTED, "empty"),
        ("-", SUSPECTED, "empty"),
        ("x", SUSPECTED, "short"),
        ("Mozilla/5.0", SUSPECTED, "bare"),
        ("Mozilla/5.0 ${jndi:ldap://x} Firefox", SUSPECTED, "attack"),
    ],
)
def test_a_robot_is_detected_with_the_reason(text: str, bot: str, reason: str) -> None:
    found = parse_agent(text)
    assert found.bot == bot
    assert found.reason == reason


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Real browsers, from npm's list `user-agents`."""
    folder = tmp_path_factory.mktemp("browsers")
    pack = ["npm", "pack", "--silent", f"user-agents@{LIST}"]
    try:
        subprocess.run(pack, cwd=folder, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        missing("npm and its list user-agents")
    archive = folder / f"user-agents-{LIST}.tgz"
    assert sha256(archive.read_bytes()).hexdigest() == DIGEST
    with tarfile.open(archive) as packed:
        member = packed.extractfile("package/dist/user-agents.json")
        assert member is not None
        return sorted({row["userAgent"] for row in json.load(member)})


@pytest.mark.slow
def test_no_browser_is_taken_for_a_robot(browsers: list[str]) -> None:
    assert len(browsers) == 952
    assert [text for text in browsers if parse_agent(text).bot != NONE] == []


def test_the_list_of_crawlers_is_known() -> None:
    texts = [text for row in CRAWLER_USER_AGENTS_DATA for text in row.get("instances", ())]
    known = [text for text in texts if parse_agent(text[:400]).bot != NONE]
    assert len(texts) > 1000
    assert len(known) / len(texts) >= 0.99


@pytest.mark.parametrize(
    ("ip", "bot"),
    [
        ("66.249.66.1", DECLARED),
        ("203.0.113.9", FORGED),
        ("2001:4860:4801:10::1", DECLARED),
        ("2001:db8::1", FORGED),
        ("unknown", DECLARED),
    ],
)
def test_a_forged_crawler_is_recognised_by_its_address(ip: str, bot: str) -> None:
    found = verify_crawler(GOOGLEBOT, parse_agent(GOOGLEBOT), ip)
    assert found.bot == bot
    assert ("Googlebot" in found.reason) or bot == DECLARED


def test_it_stands_in_the_row_and_in_the_counts(
    engine: Engine, load: Callable[..., None]
) -> None:
    load(
        entry(clock.now(), ip=ip, user_agent=GOOGLEBOT, path=f"/{ip}")
        for ip in ("66.249.66.1", "203.0.113.9")
    )
    assert {row.path: row.bot for row in rows(engine)} == {
        "/66.249.66.1": DECLARED,
        "/203.0.113.9": FORGED,
    }
    with engine.connect() as connection:
        found = connection.execute(
            Rollup.__table__.select().where(Rollup.dimension == "bot")
        )
        assert {row.value: row.requests for row in found} == {DECLARED: 1, FORGED: 1}


def test_ranges_agree_with_the_library() -> None:
    dice = random.Random(3)
    listed = (
        geo.CRAWLERS.sources["google-common-crawlers"]
        if ("google-common-crawlers" in geo.CRAWLERS.sources)
        else next(iter(geo.CRAWLERS.sources.values()))
    )
    ranges = geo.Ranges([*listed.get("ipv4", ()), *listed.get("ipv6", ())])
    networks = [ip_network(text) for text in (*listed["ipv4"], *listed["ipv6"])]
    for _ in range(300):
        network = dice.choice(networks)
        near = int(network.network_address) + dice.randrange(-3, network.num_addresses + 3)
        address = (
            ip_address(near)
            if network.version == 4
            else ip_address(near.to_bytes(16, "big"))
        )
        assert (str(address) in ranges) == any(
            address in one for one in networks if one.version == address.version
        )


@given(address=st.ip_addresses())
def test_networks_agree_with_the_library(address: IPv4Address | IPv6Address) -> None:
    def network(prefix: int) -> str:
        return str(ip_network(f"{address}/{prefix}", strict=False).network_address)

    version_4 = address.version == 4
    assert identity.mask_address(str(address)) == network(24 if version_4 else 48)
    assert identity.network_of(str(address)) == network(24 if version_4 else 64)


@pytest.mark.parametrize("text", ["unknown", "", "1.2.3", "1.2.3.4/8", "a:b"])
def test_what_is_no_address_has_no_network(text: str) -> None:
    assert identity.network_of(text) == ""
    assert Countries().of(text) == ""


@pytest.mark.clause("4.1.4")
@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("8.8.8.8", "US"),
        ("2a02:6b8::1", "RU"),
        ("203.0.113.7", ""),
        ("unknown", ""),
        *((ip, "XP") for ip in ("10.0.0.1", "172.31.255.255", "192.168.4.7", "fd00::1")),
        *(("11.0.0.0", "US"), ("172.32.0.0", "US"), ("192.167.255.255", "IT")),
    ],
)
def test_the_country_of_an_address(ip: str, country: str) -> None:
    assert Countries().of(ip) == country


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("", "direct"),
        ("https://www.neupusti.kz/catalog/", "own"),
        ("https://www.google.com/", "search"),
        ("https://www.google.co.uk/", "search"),
        ("https://yandex.kz/search/", "search"),
        ("https://t.me/x", "social"),
        ("https://ok.ru/a", "social"),
        ("https://chatgpt.com/", "assistant"),
        ("https://kaspi.kz/shop", "market"),
        ("https://2gis.kz/almaty", "market"),
        ("https://e.mail.ru/inbox", "mail"),
        ("http://semalt.com/x", "spam"),
        ("http://sub.evil.example/x", "spam"),
        ("https://blog.example.org/", "other"),
        ("(unreadable)", "unreadable"),
    ],
)
def test_a_referrer_has_a_class(referrer: str, source: str) -> None:
    assert Referrers(["neupusti.kz"], ["evil.example"]).of(referrer) == source


@given(st.text(max_size=400))
def test_any_user_agent_is_parsed(text: str) -> None:
    found = parse_agent(text)
    assert len(found.browser) <= 60
    assert len(found.reason) <= 120
    assert verify_crawler(text, found, "203.0.113.7").bot in {
        NONE,
        DECLARED,
        SUSPECTED,
        FORGED,
    }

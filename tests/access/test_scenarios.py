"""What is a finding, and what is not yet: each threshold on both sides."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from neupusti.access.ingest.findings.detector import Detector
from neupusti.access.ingest.findings.kinds import Kind, Scope
from neupusti.access.ingest.findings.verdict import Addition, Place, Verdict
from neupusti.access.recording.line import Entry
from tests.access import logs

BROWSER = logs.PEOPLE[0]
START = 1_795_000_000_000
SECRETS = ("/.env", "/.git/config", "/backup.sql", "/id_rsa.old", "/wp-config.php.bak")


def request(at: int, path: str, status: int = 404, **fields: str) -> Entry:
    """Return a request `at` milliseconds after the start."""
    plain: dict[str, Any] = {
        "ip": "203.0.113.7",
        "method": "GET",
        "user_agent": BROWSER,
        **fields,
    }
    return Entry(at=START + at, path=path, status=status, bytes=0, **plain)


def requests_every(step: int, number: int, **fields: object) -> list[Entry]:
    path = fields.pop("path", None)
    return [
        request(at * step, str(path or f"/missing-{at}"), **fields)  # type: ignore[arg-type]
        for at in range(number)
    ]


def judged(entries: Iterable[Entry], size: int = 10_000) -> Verdict:
    """Return what is found in `entries`, judged in batches."""
    detector, verdict = Detector(), Verdict()
    ordered = sorted(entries, key=lambda one: one.at)
    for at in range(0, len(ordered), size):
        detector.judge(ordered[at : at + size], verdict, lambda _: False)
    return verdict


def found(entries: Iterable[Entry]) -> dict[tuple[Kind, Scope], Addition]:
    return {place[1:3]: one for place, one in judged(entries).additions.items()}


@pytest.mark.clause("3.3.2")
def test_a_scanner_is_reported_with_its_evidence() -> None:
    (place, one), = judged(requests_every(100, 30)).additions.items()  # fmt: skip
    assert place[1:] == (Kind.PROBING, Scope.ADDRESS, "203.0.113.7")
    assert (one.requests, one.errors, one.answered, one.new_members) == (30, 30, 0, 1)
    assert list(one.paths) == [f"/missing-{at}" for at in range(5)]
    assert (one.first.path, one.last.path) == ("/missing-0", "/missing-29")


@pytest.mark.parametrize(
    "entries",
    [
        requests_every(11_000, 60),
        requests_every(1000, 60, path="/one-broken-link"),
        requests_every(100, 60, path="/missing.png"),
        requests_every(600, 200, status=200, path="/"),
        [request(at, f"/{at}/photo", 200) for at in range(60)],
        [request(at, f"/a/{at}", 200, method="POST") for at in range(60)],
        [request(at, f"/{at % 40}", 200) for at in range(400)],
        [request(at * 9000, "/account/login", 422, method="POST") for at in range(4)],
        [request(at, "/account/login", 303, method="POST") for at in range(60)],
        [request(at, f"/files/{at}.zip", 200, ip=f"198.51.{at}.1") for at in range(60)],
    ],
    ids=[
        "slow", "one broken link", "pictures", "one page", "one name in many folders",
        "no reading", "forty names again and again", "a forgotten password", "an office",
        "downloads",
    ],
)  # fmt: skip
def test_people_are_not_accused(entries: list[Entry]) -> None:
    assert judged(entries).additions == {}


def burst(kind: Kind, number: int, step: int = 0) -> list[Entry]:
    """Return `number` requests of a behaviour, `step` milliseconds apart."""
    path, status, method = {
        Kind.PROBING: ("/a/{}", 404, "GET"),
        Kind.BRUTE_FORCE: ("/kk/account/login", 422, "POST"),
        Kind.SENSITIVE: ("/{}/.env", 302, "GET"),
        Kind.TRAVERSAL: ("/../{}", 302, "GET"),
        Kind.CRAWL: ("/a/{}", 200, "HEAD"),
        Kind.STORM: ("/a", 502, "POST"),
    }[kind]
    return [
        request(at * step, path.format(at), status, method=method) for at in range(number)
    ]


@pytest.mark.parametrize(
    ("kind", "capacity", "leak"),
    [
        (Kind.PROBING, 10, 10_000),
        (Kind.BRUTE_FORCE, 5, 10_000),
        (Kind.SENSITIVE, 4, 5_000),
        (Kind.TRAVERSAL, 3, 10_000),
        (Kind.CRAWL, 40, 500),
        (Kind.STORM, 10, 10_000),
    ],
)
def test_each_threshold_from_both_sides(kind: Kind, capacity: int, leak: int) -> None:
    """The figures are those that CrowdSec publishes, not those of the module."""
    scope = Scope.SITE if kind is Kind.STORM else Scope.ADDRESS
    assert found(burst(kind, capacity)) == {}
    assert found(burst(kind, capacity + 1)).keys() == {(kind, scope)}
    # One more request each time that one has leaked never overflows; a bit faster does.
    full, last = burst(kind, capacity), burst(kind, capacity + 1)[-1]
    assert found([*full, replace(last, at=START + leak)]) == {}
    assert (kind, scope) in found([*full, replace(last, at=START + leak - 1)])


@pytest.mark.parametrize("kind", [Kind.PROBING, Kind.BRUTE_FORCE, Kind.SENSITIVE])
@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("198.51.100.{}", "198.51.{}.1"),
        ("2001:db8:1:2::{:x}", "2001:db8:1:{:x}::1"),
    ],
)
def test_one_attacker_spread_over_a_network_is_seen(
    kind: Kind, inside: str, outside: str
) -> None:
    capacity = {Kind.PROBING: 10, Kind.BRUTE_FORCE: 5, Kind.SENSITIVE: 4}[kind]

    def spread(ips: str, number: int) -> list[Entry]:
        return [
            replace(one, ip=ips.format(at + 1), user_agent=f"agent {at}")
            for at, one in enumerate(burst(kind, number))
        ]

    assert found(spread(inside, capacity)) == {}
    seen = found(spread(inside, capacity + 1))
    assert seen.keys() == {(kind, Scope.NETWORK)}
    assert seen[kind, Scope.NETWORK].new_members == capacity + 1
    assert found(spread(outside, capacity + 1)) == {}


def test_a_network_of_customers_may_read_together() -> None:
    pages = [request(at, f"/p/{at}", 200) for at in range(60)]
    assert found(replace(one, ip=f"198.51.100.{at}") for at, one in enumerate(pages)) == {}
    one_home = [replace(one, ip=f"2001:db8::{at:x}") for at, one in enumerate(pages)]
    assert found(one_home).keys() == {(Kind.CRAWL, Scope.NETWORK)}


def spread_attack(
    addresses: int, paths: int, *, agents: int = 1, orders: int = 1
) -> list[Entry]:
    """Return requests of addresses of the whole world, a minute apart each."""
    entries = []
    for at in range(addresses):
        wanted = SECRETS[:paths][:: -1 if orders > 1 and at % 2 else 1]
        entries += [
            request(
                at * 60_000 + number * 30_000,
                path,
                ip=f"{at % 200 + 1}.{at}.1.1",
                user_agent=f"tool {at % agents}",
            )
            for number, path in enumerate(wanted)
        ]
    return entries


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (spread_attack(4, 2), spread_attack(5, 2)),
        (spread_attack(9, 1), spread_attack(10, 1)),
        (spread_attack(20, 2, agents=5), spread_attack(25, 2, agents=5)),
        (spread_attack(8, 2, orders=2), spread_attack(10, 2, orders=2)),
    ],
    ids=["two paths", "one path", "by agent", "by order"],
)
def test_addresses_that_behave_alike_are_one_attacker(
    few: list[Entry], many: list[Entry]
) -> None:
    assert found(few) == {}
    assert found(many).keys() == {(Kind.SENSITIVE, Scope.BEHAVIOUR)}


def test_two_hundred_and_fifty_addresses_are_one_finding() -> None:
    verdict = judged(spread_attack(250, 2), size=40)
    (one,) = {place[1:]: one for place, one in verdict.additions.items()}.items()
    assert one[0] == (Kind.SENSITIVE, Scope.BEHAVIOUR, "tool 0")
    assert (one[1].new_members, one[1].requests) == (250, 500)
    assert len(verdict.scanners) == 250


def test_addresses_that_share_the_list_of_an_attacker_are_one() -> None:
    """Each asks for another path: the agent alone joins them."""
    entries = [
        request(at * 1000, path, ip=f"{at + 1}.1.1.1", user_agent="tool")
        for at, path in enumerate(SECRETS)
    ]
    assert found(entries[:4]) == {}
    assert found(entries).keys() == {(Kind.SENSITIVE, Scope.BEHAVIOUR)}


@pytest.mark.parametrize(
    ("path", "status", "exposed"),
    [
        ("/.env", 200, True),
        ("/.git/config", 206, True),
        ("/old/backup.sql", 200, True),
        ("/.env", 404, False),
        ("/.env", 302, False),
        ("/prices.zip", 200, False),
        ("/.well-known/security.txt", 200, False),
        ("/wp-config", 200, True),
    ],
)
def test_a_secret_that_was_answered_is_a_finding(
    path: str, status: int, *, exposed: bool
) -> None:
    verdict = judged([request(0, path, status)])
    assert ((Kind.EXPOSED, Scope.PATH) in found([request(0, path, status)])) == exposed
    assert verdict.scanners == {}, "one look makes nobody a scanner"


def test_what_got_through_is_counted() -> None:
    entries = [request(at, path, 404) for at, path in enumerate(SECRETS)]
    entries.append(request(9, "/secrets.yml", 200))
    one = found(entries)[Kind.SENSITIVE, Scope.ADDRESS]
    assert (one.answered, one.errors, one.requests) == (1, 5, 6)
    assert one.paths["/secrets.yml"]


def test_a_password_that_was_found_is_counted() -> None:
    wrong = burst(Kind.BRUTE_FORCE, 8, 100)
    right = request(900, "/account/login", 303, method="POST")
    elsewhere = replace(right, ip="192.0.2.1")
    one = found([*wrong, right, elsewhere])[Kind.BRUTE_FORCE, Scope.ADDRESS]
    assert (one.answered, one.requests) == (1, 9)


def test_storms_after_a_pause_are_two() -> None:
    storm = burst(Kind.STORM, 12, 100)
    later = [replace(one, at=one.at + 700_000) for one in storm]
    assert len(judged(storm + later).additions) == 2
    soon = [replace(one, at=one.at + 500_000) for one in storm]
    assert len(judged(storm + soon).additions) == 1


@pytest.mark.parametrize(("ip", "accused"), [("66.249.66.1", False), ("203.0.113.7", True)])
def test_a_genuine_crawler_may_read(ip: str, *, accused: bool) -> None:
    agent = logs.CRAWLERS[0]
    reading = [request(at, f"/{at}", 200, ip=ip, user_agent=agent) for at in range(60)]
    missing = [request(at, f"/{at}", 404, ip=ip, user_agent=agent) for at in range(60)]
    for entries in (reading, missing):
        assert bool(judged(entries).additions) == accused


def test_a_robot_that_says_so_is_no_scanner_because_it_reads() -> None:
    agent = logs.CRAWLERS[1]
    reading = [request(at, f"/{at}", 200, user_agent=agent) for at in range(60)]
    verdict = judged(reading)
    assert [place[1] for place in verdict.additions] == [Kind.CRAWL]
    assert verdict.scanners == {}


def places(verdict: Verdict) -> dict[Place, tuple[int, int, int]]:
    return {
        place: (one.requests, one.errors, one.new_members)
        for place, one in verdict.additions.items()
    }


@pytest.mark.parametrize("seed", range(12))
def test_findings_do_not_depend_on_the_batches(seed: int) -> None:
    """Traffic near the thresholds, so that each request may decide."""
    dice = random.Random(seed)
    entries, at = [], 0
    for _ in range(3000):
        at += dice.choice((0, 20, 60, 150, 400, 900, 3000))
        path = dice.choice((
            f"/p/{dice.randrange(80)}", f"/m/{dice.randrange(400)}", "/../x",
            dice.choice(SECRETS), "/account/login",
        ))  # fmt: skip
        ip = dice.choice(("203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"))
        method = "POST" if path == "/account/login" else "GET"
        status = dice.choice((200, 200, 404, 422, 500))
        entries.append(
            request(at, path, status, ip=ip, method=method, user_agent=f"t{seed % 3}")
        )
    whole = places(judged(entries))
    assert len(whole) > 3
    for size in (1, 7, 250):
        assert places(judged(entries, size)) == whole

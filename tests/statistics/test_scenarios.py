from dataclasses import dataclass, replace

import pytest

from neupusti.statistics.queries.scenarios import Finding, ScenarioKind, findings


@dataclass(frozen=True)
class SampleRequest:
    at_ms: int
    path: str
    status: int = 404
    method: str = "GET"
    ip: str = "203.0.113.7"


def kinds(*rows: SampleRequest) -> dict[ScenarioKind, Finding]:
    return {one.kind: one for one in findings(sorted(rows, key=lambda row: row.at_ms))}


def requests_every(milliseconds: int, number: int, **fields: object) -> list[SampleRequest]:
    made = fields.pop("path", None)
    return [
        SampleRequest(at * milliseconds, str(made or f"/missing-{at}"), **fields)  # type: ignore[arg-type]
        for at in range(number)
    ]


@pytest.mark.clause("3.3.2")
def test_a_scanner_is_reported_with_its_evidence() -> None:
    found = kinds(*requests_every(100, 30))
    assert found.keys() == {ScenarioKind.PROBING}
    finding = found[ScenarioKind.PROBING]
    assert finding.ip == "203.0.113.7"
    assert (finding.requests, finding.times) == (30, 2)
    assert finding.evidence == [f"/missing-{at}" for at in range(5)]


@pytest.mark.parametrize(
    "rows",
    [
        requests_every(100, 10),
        requests_every(11_000, 60),
        requests_every(1000, 60, path="/one-broken-link"),
        requests_every(100, 60, path="/missing.png"),
        requests_every(600, 200, status=200, path="/"),
        requests_every(100, 5, method="POST", path="/account/login", status=422),
        requests_every(100, 40, status=200),
    ],
)
def test_people_are_not_accused(rows: list[SampleRequest]) -> None:
    assert kinds(*rows) == {}


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (
            requests_every(100, 6, method="POST", path="/account/login", status=422),
            ScenarioKind.BRUTE_FORCE,
        ),
        (
            requests_every(100, 9, method="POST", path="/kk/account/login", status=429),
            ScenarioKind.BRUTE_FORCE,
        ),
        (requests_every(100, 60, status=200), ScenarioKind.CRAWL),
        (
            [
                SampleRequest(at, path)
                for at, path in enumerate(
                    (
                        "/.env",
                        "/.git/config",
                        "/backup.sql",
                        "/id_rsa.old",
                        "/wp-config.php.bak",
                    )
                )
            ],
            ScenarioKind.SENSITIVE,
        ),
        (
            [
                SampleRequest(at, f"/{up}/etc/hosts")
                for at, up in enumerate(
                    ("..", "..%2f..", "%2e%2e/x", "....//", "%252e%252e/")
                )
            ],
            ScenarioKind.TRAVERSAL,
        ),
    ],
)
def test_each_behaviour_has_a_name(rows: list[SampleRequest], kind: ScenarioKind) -> None:
    assert kind in kinds(*rows)


def burst(kind: ScenarioKind, number: int, step: int = 0) -> list[SampleRequest]:
    """Return `number` requests of a behaviour, `step` milliseconds apart."""
    path, status, method = {
        ScenarioKind.PROBING: ("/a/{}", 404, "GET"),
        ScenarioKind.BRUTE_FORCE: ("/account/login", 422, "POST"),
        ScenarioKind.SENSITIVE: ("/{}/.env", 200, "GET"),
        ScenarioKind.TRAVERSAL: ("/../{}", 200, "GET"),
        ScenarioKind.CRAWL: ("/a/{}", 200, "HEAD"),
    }[kind]
    return [
        SampleRequest(at * step, path.format(at), status, method) for at in range(number)
    ]


@pytest.mark.parametrize(
    ("kind", "capacity", "leak"),
    [
        (ScenarioKind.PROBING, 10, 10_000),
        (ScenarioKind.BRUTE_FORCE, 5, 10_000),
        (ScenarioKind.SENSITIVE, 4, 5_000),
        (ScenarioKind.TRAVERSAL, 3, 10_000),
        (ScenarioKind.CRAWL, 40, 500),
    ],
)
def test_each_threshold_from_both_sides(
    kind: ScenarioKind, capacity: int, leak: int
) -> None:
    """The figures are those that CrowdSec publishes, not those of the module."""
    assert kind not in kinds(*burst(kind, capacity))
    assert kind in kinds(*burst(kind, capacity + 1))
    # One more request each time that one has leaked never overflows; a bit faster does.
    full = burst(kind, capacity)
    late = [replace(row, at_ms=leak) for row in burst(kind, capacity + 1)[-1:]]
    assert kind not in kinds(*full, *late)
    assert kind in kinds(*full, *(replace(row, at_ms=leak - 1) for row in late))


@pytest.mark.parametrize(
    "rows",
    [
        [SampleRequest(at, f"/{at}/photo", 200) for at in range(60)],
        [SampleRequest(at, f"/a/{at}", 200, "POST") for at in range(60)],
        [SampleRequest(at, f"/{at % 40}", 200) for at in range(400)],
    ],
    ids=["one name in many folders", "no reading", "forty names again and again"],
)
def test_a_crawl_reads_many_names(rows: list[SampleRequest]) -> None:
    assert ScenarioKind.CRAWL not in kinds(*rows)


def test_the_busiest_stands_first() -> None:
    quiet = [replace(row, ip="203.0.113.1") for row in burst(ScenarioKind.PROBING, 12, 1)]
    busy = [replace(row, ip="203.0.113.9") for row in burst(ScenarioKind.PROBING, 30, 1)]
    found = findings(sorted([*quiet, *busy], key=lambda row: row.at_ms))
    assert [(one.ip, one.requests) for one in found] == [
        ("203.0.113.9", 30),
        ("203.0.113.1", 12),
    ]


def test_addresses_have_separate_buckets() -> None:
    rows = [
        SampleRequest(at * 100, f"/missing-{at}", ip=f"203.0.113.{at % 4}")
        for at in range(36)
    ]
    assert kinds(*rows) == {}

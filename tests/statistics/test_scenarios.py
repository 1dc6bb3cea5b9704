from dataclasses import dataclass

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


def test_addresses_have_separate_buckets() -> None:
    rows = [
        SampleRequest(at * 100, f"/missing-{at}", ip=f"203.0.113.{at % 4}")
        for at in range(36)
    ]
    assert kinds(*rows) == {}

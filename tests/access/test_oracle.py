"""GoAccess reads the same log; both must come to the same figures, to the last digit."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.access import logs
from tests.conftest import missing

LINES = 100_000
END = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated log."""
    path = tmp_path_factory.mktemp("oracle") / "access.log"
    path.write_bytes(b"\n".join(logs.lines(LINES, END)) + b"\n")
    return path


@pytest.fixture(scope="module")
def told(log: Path) -> dict[str, Any]:
    """What GoAccess says of it."""
    if shutil.which("goaccess") is None:
        missing("GoAccess")
    done = subprocess.run(
        [
            "goaccess", log, "--log-format=COMBINED", "--no-global-config", "--output=json",
            "--no-progress", "--max-items=1000000", "--no-query-string",
        ],
        capture_output=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace"))
    return found


@pytest.mark.clause("3.3.2")
def test_the_report_agrees_with_goaccess(
    command: Callable[..., Result], log: Path, told: dict[str, Any]
) -> None:
    assert command("import", log).exit_code == 0
    days = ("--from", "2026-11-14", "--to", "2026-11-23", "--json")
    ours = json.loads(command("report", *days).stdout)
    general = told["general"]

    assert ours["requests"] == general["valid_requests"]
    assert sum(ours["malformed"].values()) == general["failed_requests"]
    assert ours["visitors"] == general["unique_visitors"]
    assert ours["bytes"] == general["bandwidth"]
    assert ours["by_day"] == {
        f"{day['data'][:4]}-{day['data'][4:6]}-{day['data'][6:]}": {
            "requests": day["hits"]["count"],
            "visitors": day["visitors"]["count"],
            "bytes": day["bytes"]["count"],
        }
        for day in reversed(told["visitors"]["data"])
    }
    assert ours["by_ip"] == _counts(told["hosts"])
    assert ours["by_status"] == {
        status.split()[0]: count for status, count in _items(told["status_codes"]).items()
    }
    asked = {hour: sums["requests"] for hour, sums in ours["by_hour"].items()}
    assert asked == _counts(told["visit_time"])
    theirs = _counts(told["requests"]) + _counts(told["not_found"])
    pages = {path: count for path, count in ours["by_path"].items() if path in logs.PAGES}
    assert pages == {path: theirs[path] for path in pages}
    assert len(pages) > 300

    # From the raw rows, in a zone that has the same days, it is the same again.
    raw = json.loads(command("report", *days, "--tz", "Etc/GMT-5").stdout)
    about = {"tz", "counted_from"}
    assert {k: v for k, v in raw.items() if k not in about} == {
        k: v for k, v in ours.items() if k not in about
    }


def _counts(panel: dict[str, Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in panel["data"]:
        counts[row["data"]] += row["hits"]["count"]
    return counts


def _items(panel: dict[str, Any]) -> dict[str, int]:
    return {
        item["data"]: item["hits"]["count"]
        for row in panel["data"]
        for item in row["items"]
    }

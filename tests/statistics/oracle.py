"""Compare our figures with GoAccess's of the same log; they must be equal."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import missing


def goaccess(log: Path) -> dict[str, Any]:
    """Return GoAccess's report of a combined log."""
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


def assert_same_figures(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Compare every figure that both know."""
    general = theirs["general"]
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
        for day in reversed(theirs["visitors"]["data"])
    }
    assert ours["by_ip"] == counts(theirs["hosts"])
    assert ours["by_status"] == {
        item["data"].split()[0]: item["hits"]["count"]
        for row in theirs["status_codes"]["data"]
        for item in row["items"]
    }
    hours = {hour: sums["requests"] for hour, sums in ours["by_hour"].items()}
    assert +Counter(hours) == counts(theirs["visit_time"])


def counts(panel: dict[str, Any]) -> Counter[str]:
    """Return the hits of each row of one of GoAccess's panels."""
    found: Counter[str] = Counter()
    for row in panel["data"]:
        found[row["data"]] += row["hits"]["count"]
    return found


def paths(theirs: dict[str, Any]) -> Counter[str]:
    """Return the hits of each path: pages, files and missing ones."""
    panels = ("requests", "static_requests", "not_found")
    return sum((counts(theirs[panel]) for panel in panels), Counter())

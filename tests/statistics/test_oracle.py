"""A log of 100,000 lines, imported and given to GoAccess."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.access import logs
from tests.statistics import oracle
from tests.times import Clock

pytestmark = pytest.mark.slow
LINES = 100_000
END = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated log."""
    path = tmp_path_factory.mktemp("oracle") / "access.log"
    path.write_bytes(b"\n".join(logs.lines(LINES, END)) + b"\n")
    return path


@pytest.fixture(scope="module")
def goaccess_report(log: Path) -> dict[str, Any]:
    """GoAccess's report of it."""
    return oracle.goaccess(log)


@pytest.mark.clause("3.3.2")
def test_the_report_agrees_with_goaccess(
    command: Callable[..., Result],
    at: Clock,
    log: Path,
    goaccess_report: dict[str, Any],
) -> None:
    at(END)  # Malformed lines count for the day of their import.
    assert command("import", log).exit_code == 0
    days = ("--from", "2026-11-14", "--to", "2026-11-23", "--json", "--reason", "oracle")
    ours = json.loads(command("report", *days).stdout)
    oracle.assert_same_figures(ours, goaccess_report)
    theirs = oracle.paths(goaccess_report)
    pages = {path: count for path, count in ours["by_path"].items() if path in logs.PAGES}
    assert pages == {path: theirs[path] for path in pages}
    assert len(pages) > 300

    # The same from the raw rows, in a zone that has the same days.
    raw = json.loads(command("report", *days, "--tz", "Etc/GMT-5").stdout)
    about = {"tz", "counted_from"}
    assert {k: v for k, v in raw.items() if k not in about} == {
        k: v for k, v in ours.items() if k not in about
    }

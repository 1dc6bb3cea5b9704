"""`flask access report`: whole addresses only for a reason that the journal keeps."""

import json
from collections.abc import Callable, Iterable

from click.testing import Result
from flask import Flask

from neupusti.access.recording.line import Entry
from tests import desk
from tests.access.conftest import NOW, entry
from tests.conftest import SQLITE

DAYS = ("--from", "2026-11-22", "--to", "2026-11-22", "--json")


@SQLITE
def test_addresses_are_masked_without_a_reason(
    app: Flask,
    command: Callable[..., Result],
    load: Callable[[Iterable[Entry]], None],
) -> None:
    load(entry(NOW, ip=ip) for ip in ("203.0.113.7", "203.0.113.8", "2001:db8:1:2::9"))
    assert json.loads(command("report", *DAYS).stdout)["by_ip"] == {
        "203.0.113.0": 2,
        "2001:db8:1::": 1,
    }
    assert desk.staff_actions("access.exported") == []
    whole = json.loads(command("report", *DAYS, "--reason", "an attack").stdout)
    assert whole["by_ip"].keys() == {"203.0.113.7", "203.0.113.8", "2001:db8:1:2::9"}
    (action,) = desk.staff_actions("access.exported")
    assert (action.staff, action.reason) == (None, "an attack")

"""Our own pages are listed apart from those of other sites that lead to us."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskClient

from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.statistics.test_overview import NOON, OVERVIEW, Load, text_of
from tests.times import Clock


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOON)


@pytest.mark.parametrize("filters", ["", "is=method:GET"])
def test_the_host_of_an_imported_log_is_no_other_site_on_any_page(
    command: Callable[..., Result], staff: FlaskClient, tmp_path: Path, filters: str
) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            f"203.0.113.7 - - [{NOON:%d/%b/%Y:%H:%M:%S} +0500] "
            f'"GET / HTTP/1.1" 200 1 "https://{host}/a" "Mozilla/5.0 (X11)"\n'
            for host in ("old.example.kz", "www.old.example.kz", "kaspi.kz")
        )
    )
    assert command("import", log, "--host", "old.example.kz").exit_code == 0
    for page in (f"{OVERVIEW}?{filters}", f"{OVERVIEW}list/referrer/?{filters}"):
        shown_ = staff.get(page).text
        assert "old.example.kz" not in shown_, page
        assert "https://kaspi.kz/a" in shown_
    assert staff.get(f"{OVERVIEW}list/own_page/?{filters}").text.count(
        "Our own page /a"
    ) == 2  # fmt: skip


@SQLITE
def test_other_sites_are_listed_beside_many_pages_of_our_own(
    staff: FlaskClient, load: Load
) -> None:
    load(
        entry(NOON, referrer=f"https://neupusti.kz/{at % 60}", ip="203.0.113.8")
        for at in range(120)
    )
    load([entry(NOON, referrer="https://kaspi.kz/shop/")])
    page = staff.get(OVERVIEW).text
    assert "kaspi.kz" in text_of(page, 'id="list-referrer"', "</section>")

"""How often the pages of the statistics ask the database."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from neupusti.core import clock

MOST = 20
"""Of all lists together two or three; one for each day of each list would be 1,300."""


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("more", ["", "&scanners=1", "&is=method:GET"])
def test_a_quarter_is_read_in_few_statements(
    staff: FlaskClient, engine: Engine, more: str
) -> None:
    found: list[str] = []

    def captured(*args: Any) -> None:
        if args[2] != "BEGIN":
            found.append(args[2])

    event.listen(engine, "before_cursor_execute", captured)
    last = clock.today()
    page = staff.get(f"/admin/access/?from={last - timedelta(days=89)}&to={last}{more}")
    event.remove(engine, "before_cursor_execute", captured)
    assert page.status_code == 200
    assert "/catalog/" in page.text
    assert len(found) <= MOST

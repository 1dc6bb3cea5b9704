"""What the tests of lists share."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from flask.testing import FlaskClient

LINK = re.compile(r'<h3><a href="[^"]*/product/([^"]+)">')
NOINDEX = '<meta name="robots" content="noindex">'
TODAY = date(2026, 11, 30)
NOON = datetime(2026, 11, 30, 7, tzinfo=UTC)
Clock = Callable[[datetime], None]


def slugs(client: FlaskClient, address: str) -> list[str]:
    """Return the goods of a list in their order."""
    return LINK.findall(fresh(client, address))


def fresh(client: FlaskClient, address: str) -> str:
    """Return a page: with a query it is no copy of a second ago."""
    answer = client.get(f"{address}{'&' if '?' in address else '?'}fresh")
    assert answer.status_code == 200, address
    return answer.text

"""A primary that is lost: the site finds its standby, and comes back by itself."""

import shutil
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from neupusti.config.settings import Settings
from neupusti.consent.models import ConsentRecord
from neupusti.core.data.database import db
from tests.deploy.machines import Copy
from tests.deploy.proxies import ProxyClient
from tests.deploy.standby import Pair, pair
from tests.deploy.test_proxies import FORM
from tests.lending import SECRET, opened, seeded
from tests.postgres import ground
from tests.site.test_server import eventually

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]


@pytest.fixture
def database() -> Iterator[Pair]:
    """A primary and its standby."""
    with ground() as folder, pair(folder) as made:
        yield made


@pytest.fixture
def site(database: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A served site whose settings name both."""
    settings = Settings(
        secret_key=SECRET,
        instance=tmp_path_factory.mktemp("site"),
        database_url=database.url("neupusti"),
        access_database_url=database.url("neupusti_access"),
    )
    seeded(settings)
    copy = Copy(settings)
    copy.start()
    yield copy
    copy.stop()


def agrees(client: ProxyClient) -> int:
    """Agree to every cookie; return the status."""
    own = ProxyClient(client.port)
    headers = {"Content_Type": FORM, "Sec_Fetch_Site": "same-origin"}
    return own.ask("POST", "/cookies/", b"choice=accept", **headers)[0]


def consents(site: Copy) -> int | None:
    """Return how many times somebody agreed, as the database has it."""
    with opened(site.settings):
        return db.session.scalar(select(func.count()).select_from(ConsentRecord))


def test_a_standby_that_is_away_stops_acknowledgements_and_not_the_commits(
    database: Pair, site: Copy
) -> None:
    client = ProxyClient(site.port)
    database.acknowledges_together()
    database.standby.stop("fast")
    assert agrees(client) == 503
    eventually(lambda: consents(site) == 1)
    database.standby.start()
    eventually(lambda: agrees(client) == 303)


def test_the_standby_takes_over_without_a_change_of_settings(
    database: Pair, site: Copy
) -> None:
    client = ProxyClient(site.port)
    database.acknowledges_together()
    assert agrees(client) == 303

    database.primary.stop("immediate")
    assert agrees(client) == 503
    assert client.ask("GET", "/readyz")[0] == 503
    status, page = client.ask("GET", "/policy/")
    assert status == 200 or "<h1>" in page
    # It takes no writes yet, and the site does not mistake it for one that does.
    assert agrees(client) == 503
    database.promote()
    database.acknowledges_alone()
    eventually(lambda: client.ask("GET", "/readyz")[0] == 200)
    assert agrees(client) == 303
    assert consents(site) == 2

    former, now = database.primary, database.standby
    shutil.rmtree(former.data)
    database.copy(now, former)
    assert former.ask("SELECT pg_is_in_recovery()") is True
    assert agrees(client) == 303
    assert client.ask("GET", "/readyz")[0] == 200

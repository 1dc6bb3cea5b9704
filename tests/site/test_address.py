"""Letters that commands write link to where the local site is served."""

import pytest

from neupusti.config.checks import PREFIX
from neupusti.config.settings import Settings
from tests.people import DANA
from tests.served import Served, environment_of, free_port, serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("given", ["", "http://192.168.0.7:8123"])
def test_a_letter_of_a_command_links_to_the_port_of_the_site(
    settings: Settings, given: str
) -> None:
    port = free_port()
    environment = environment_of(settings)
    with serving(environment | {f"{PREFIX}BASE_URL": given}, port) as process:
        site = Served(settings, port, environment, process)
        site.flask("staff", "add", DANA.email, "--permission", "orders")
        (email,) = site.emails(DANA.email)
        assert f"{given or site.url}/" in email["text"]
        assert ":8000" not in email["text"]

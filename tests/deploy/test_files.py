"""The environment and the unit that a deployment copies."""

from pathlib import Path

import pytest

from neupusti.config.checks import SettingsError
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from tests.config.test_settings import PRODUCTION


def rules(name: str) -> list[tuple[str, str]]:
    """Return the names and values in a file of `deploy/`, in their order."""
    lines = (ROOT / "deploy" / name).read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line[:1] not in {"", "#", "["})
    return [(key, value) for key, _, value in pairs]


def test_the_environment_is_all_that_a_production_needs(tmp_path: Path) -> None:
    given = {**dict(rules("environment")), "NEUPUSTI_INSTANCE": str(tmp_path)}
    with pytest.raises(SettingsError):
        Settings.from_env(given)
    filled = {name: value or PRODUCTION.get(name, "") for name, value in given.items()}
    settings = Settings.from_env(filled)
    assert settings.production
    assert settings.mail_service.server is not None


def test_the_unit_lets_mail_out() -> None:
    shut = dict(rules("neupusti.service"))
    assert {"AF_INET", "AF_INET6"} <= {*shut["RestrictAddressFamilies"].split()}
    # SocketBindDeny shuts what others would connect to, and nothing on the way out.
    assert {"IPAddressDeny", "PrivateNetwork", "SocketBindDeny"} & {*shut} == {
        "SocketBindDeny"
    }


def test_the_database_keeps_no_log_to_be_written_over() -> None:
    line = "wal_recycle = off"
    assert line in (ROOT / "deploy" / "postgresql" / "neupusti.conf").read_text()
    one_machine, _, _ = (ROOT / "README.md").read_text().partition("### Several machines")
    assert line in one_machine

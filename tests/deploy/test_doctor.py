"""`flask site doctor` on a deployment behind the shipped nginx, and on broken ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core import clock
from neupusti.site.service import doctor
from neupusti.site.service.doctor import Finding
from tests.core.smtp_server import SmtpServer
from tests.deploy import proxies
from tests.lending import SECRET
from tests.people import BIN
from tests.served import environment_of, free_port, serving
from tests.site.test_server import eventually

pytestmark = pytest.mark.slow
OPERATOR = "privacy@neupusti.kz"
HSTS = "max-age=63072000"
SOUND = {
    *("page", "headers", "photo", "email"),
    *("database main", "database access", "jobs", "backup", "decisions"),
    "destruction",
}


@dataclass(frozen=True)
class Deployment:
    """A production site behind nginx, with a mail server."""

    environment: dict[str, str]
    smtp: SmtpServer
    backups: Path

    def examine(self, **changes: str) -> dict[str, tuple[str, str]]:
        """Run the doctor; return state and text of each finding."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "site", "doctor"],
            cwd=ROOT,
            env=self.environment | changes,
            check=False,
            capture_output=True,
            text=True,
        )
        lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
        assert done.returncode == any(word == "WRONG" for word, _ in lines), done.stderr
        return {rest[:16].strip(): (word, rest[17:]) for word, rest in lines}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment as the README makes it; a certificate of our own."""
    home = tmp_path_factory.mktemp("deployment")
    (backups := home / "backups").mkdir()
    port = free_port()
    environment = environment_of(Settings(secret_key=SECRET, instance=home / "site"))
    with SmtpServer().open() as smtp, proxies.nginx(port, home) as proxy:
        environment |= {
            "NEUPUSTI_MODE": "production",
            "NEUPUSTI_BASE_URL": f"https://127.0.0.1:{proxy.port}",
            "NEUPUSTI_PROXIES": "1",
            "NEUPUSTI_SMTP_URL": f"smtp://127.0.0.1:{smtp.port}",
            "NEUPUSTI_BACKUPS": str(backups),
            "NEUPUSTI_OPERATOR_BIN": BIN,
            "NEUPUSTI_OPERATOR_EMAIL": OPERATOR,
            "NEUPUSTI_OPERATOR_RESPONSIBLE": "A lawyer",
            "SSL_CERT_FILE": str(home / "fullchain.pem"),
        }
        with serving(environment, port):
            yield Deployment(environment, smtp, backups)


def test_a_deployment_in_order(deployment: Deployment) -> None:
    dump = deployment.backups / "neupusti.dump"
    dump.write_bytes(b"a dump")
    now = clock.now().timestamp()
    os.utime(dump, (now, now))

    def without_failed_jobs() -> dict[str, tuple[str, str]] | None:
        found = deployment.examine()
        return found if found["jobs"][0] == "ok" else None

    # A sweep beside another job that reads is tried again within a minute.
    found = eventually(without_failed_jobs)
    # These two are the machine's.
    found.pop("clock")
    found.pop("disk")
    assert {what: word for what, (word, _) in found.items()} == dict.fromkeys(SOUND, "ok")
    assert deployment.smtp.recipients[-1] == OPERATOR
    assert "sent" in found["email"][1]


def test_a_certificate_and_a_mail_server_that_fail(deployment: Deployment) -> None:
    deployment.smtp.script.append("data refuse")
    found = deployment.examine(SSL_CERT_FILE="/dev/null")
    assert found["page"][0] == "WRONG"
    assert "CERTIFICATE_VERIFY_FAILED" in found["page"][1]
    assert found["email"] == ("WRONG", "to p…@neupusti.kz: refused 554 5.7.1 not wanted")


def outside(
    client: proxies.ProxyClient, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Finding]:
    monkeypatch.setattr("ssl.create_default_context", lambda: client.tls)
    found = doctor.from_outside(f"https://127.0.0.1:{client.port}", HSTS)
    return {finding.what: finding for finding in found}


def test_a_proxy_that_answers_for_the_site_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxies.nginx(free_port(), tmp_path) as client:
        found = outside(client, monkeypatch)
    assert not any(finding.sound for finding in found.values())
    assert found["page"].text.endswith("answers 502")
    assert found["headers"].text == "missing or changed: X-Request-Id"
    assert found["photo"].text == "a proxy answers 4 MB with 502"


def test_a_site_that_is_away_is_seen() -> None:
    (found,) = doctor.from_outside(f"http://127.0.0.1:{free_port()}", "")
    assert not found.sound
    assert "does not answer" in found.text


def test_an_old_or_a_missing_backup_is_seen(tmp_path: Path) -> None:
    now = clock.now()
    assert "names no folder" in doctor.backup("", now).text
    assert "No such file" in doctor.backup(str(tmp_path / "none"), now).text
    assert "is empty" in doctor.backup(str(tmp_path), now).text
    for name, age in (("old", timedelta(days=9)), ("new", doctor.OLDEST_BACKUP)):
        file = tmp_path / name
        file.touch()
        moment = (now - age).timestamp()
        os.utime(file, (moment, moment))
    assert doctor.backup(str(tmp_path), now).sound
    later = doctor.backup(str(tmp_path), now + timedelta(hours=1))
    assert (later.sound, later.text) == (False, "the newest is 27 h old")


def test_a_disk_that_is_nearly_full_is_seen() -> None:
    assert doctor.disk(doctor.LEAST_FREE).sound
    assert not doctor.disk(doctor.LEAST_FREE - 1).sound


@pytest.mark.parametrize("known", [True, False])
def test_a_clock_that_nothing_keeps_is_seen(
    *,
    known: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "is_synchronised", lambda: known)
    (finding,) = doctor.clocks(create_engine("sqlite://"), clock.now())
    assert finding.sound is known

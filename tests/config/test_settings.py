import os
import re
import secrets
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from neupusti.config.checks import SettingsError
from neupusti.config.flask_config import for_flask
from neupusti.config.settings import Settings, local_secret
from neupusti.config.values import ROOT, Mode
from tests.lending import SECRET
from tests.people import BIN

LOCAL = {"NEUPUSTI_SECRET_KEY": SECRET}
PRODUCTION = {
    **LOCAL,
    "NEUPUSTI_MODE": "production",
    "NEUPUSTI_BASE_URL": "https://neupusti.kz",
    "NEUPUSTI_OPERATOR_BIN": BIN,
    "NEUPUSTI_OPERATOR_EMAIL": "privacy@neupusti.kz",
    "NEUPUSTI_OPERATOR_RESPONSIBLE": "A lawyer",
    "NEUPUSTI_SMTP_URL": "smtp+starttls://shop:word@mail.example",
}
NUMBERS = {
    "NEUPUSTI_PROXIES": ("-1", "10"),
    "NEUPUSTI_ACCESS_DAYS": ("0", "4000"),
    "NEUPUSTI_ACCESS_IP_DAYS": ("0", "4000"),
    "NEUPUSTI_ACCESS_STATIC": ("-1", "2"),
    "NEUPUSTI_BACKUP_DAYS": ("0", "4000"),
    "NEUPUSTI_CLEAR_COOKIES": ("-1", "2"),
    "NEUPUSTI_DESTROY": ("-1", "2"),
    "NEUPUSTI_PASSWORD_MIN": ("7", "65"),
    "NEUPUSTI_PEOPLE_AN_HOUR": ("0", "1000000"),
    "NEUPUSTI_NEWS_PER_MINUTE": ("0", "1000001"),
    "NEUPUSTI_DELIVERY_COURIER_FEE": ("-1", "100000001"),
    "NEUPUSTI_DELIVERY_POST_FEE": ("-1", "100000001"),
    "NEUPUSTI_DELIVERY_FREE_FROM": ("-1", "100000001"),
}
"""Every setting that is a number, and two it may not be."""


def test_nothing_given_runs_on_one_machine(tmp_path: Path) -> None:
    settings = Settings.from_env({"NEUPUSTI_INSTANCE": str(tmp_path), "PATH": "/bin"})
    assert settings.mode is Mode.LOCAL
    assert settings.url_of("main") == f"sqlite:///{tmp_path}/main.sqlite"
    assert settings.url_of("access") == f"sqlite:///{tmp_path}/access.sqlite"
    assert settings.secret_key == (tmp_path / "secret").read_text()
    assert settings.proxies == 0


def test_an_empty_variable_means_the_default() -> None:
    settings = Settings.from_env({**LOCAL, "NEUPUSTI_PROXIES": "", "NEUPUSTI_MODE": ""})
    assert (settings.proxies, settings.mode) == (0, Mode.LOCAL)


def test_former_secrets_are_a_list_and_sign_no_cookie() -> None:
    old = ("A" * 32, "Второй секрет сайта")
    given = {**LOCAL, "NEUPUSTI_SECRET_KEYS_OLD": f" {old[0]} , {old[1]},"}
    settings = Settings.from_env(given)
    assert settings.secret_keys_old == old
    assert "SECRET_KEY_FALLBACKS" not in for_flask(settings)
    assert Settings.from_env(LOCAL).secret_keys_old == ()


def test_a_full_production_starts() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert settings.production
    assert for_flask(settings)["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"NEUPUSTI_PROXYS": "1"},
            "Unknown setting: NEUPUSTI_PROXYS. Known is NEUPUSTI_PROXIES.",
        ),
        ({"NEUPUSTI_B": "1", "NEUPUSTI_A": ""}, "Unknown setting: NEUPUSTI_A, NEUPUSTI_B."),
        ({"NEUPUSTI_SECRET_KEY": SECRET[:-1]}, "SECRET_KEY needs at least 32 bytes"),
        ({"NEUPUSTI_SECRET_KEYS_OLD": SECRET[:-1]}, "SECRET_KEYS_OLD holds secrets of at"),
        ({"NEUPUSTI_SECRET_KEYS_OLD": f"{'x' * 32},y"}, "SECRET_KEYS_OLD holds secrets"),
        ({"NEUPUSTI_MODE": "prod"}, "NEUPUSTI_MODE may not be «prod»: local or pro"),
        ({"NEUPUSTI_MAIL": "none"}, "NEUPUSTI_MAIL may not be «none»: auto or outbox."),
        ({"NEUPUSTI_MAIL": "outbox", "NEUPUSTI_SMTP_URL": "smtp://a"}, "leave one out"),
        ({"NEUPUSTI_SMTP_URL": "mail.example"}, "NEUPUSTI_SMTP_URL is not smtp://, smtp+s"),
        ({"NEUPUSTI_MAIL_FROM": "shop"}, "NEUPUSTI_MAIL_FROM is not an address like"),
        ({"NEUPUSTI_HSTS": "preload"}, "NEUPUSTI_HSTS is like «max-age=63072000», or"),
        ({"NEUPUSTI_HSTS": "max-age=1\r\nX: y"}, "NEUPUSTI_HSTS is like «max-age"),
        ({"NEUPUSTI_ACCESS_COUNTRIES": "/nowhere"}, "NEUPUSTI_ACCESS_COUNTRIES is a file,"),
        (
            {"NEUPUSTI_ACCESS_SPAM_HOSTS": "/nowhere"},
            "NEUPUSTI_ACCESS_SPAM_HOSTS is a file",
        ),
        ({"NEUPUSTI_HOSTS": "a.kz:80"}, "NEUPUSTI_HOSTS holds names without ports"),
        ({"NEUPUSTI_HOSTS": "a.kz,b c"}, "NEUPUSTI_HOSTS holds names without ports"),
        ({"NEUPUSTI_BASE_URL": "neupusti.kz"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "ftp://neupusti.kz"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "http://"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "http://[a"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "http://a.kz/shop"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "http://me@a.kz"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_BASE_URL": "http://a.kz:port"}, "BASE_URL is not an address like"),
        ({"NEUPUSTI_DATABASE_URL": "nonsense"}, "NEUPUSTI_DATABASE_URL is not a"),
        (
            {"NEUPUSTI_ACCESS_DATABASE_URL": "mysql://a/b"},
            "NEUPUSTI_ACCESS_DATABASE_URL is",
        ),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(
    changes: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(LOCAL | changes)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"NEUPUSTI_SECRET_KEY": ""}, "SECRET_KEY needs at least 32 bytes"),
        ({"NEUPUSTI_OPERATOR_BIN": ""}, r"needs NEUPUSTI_OPERATOR_BIN \(12 digits"),
        ({"NEUPUSTI_OPERATOR_BIN": "160240000007"}, "needs NEUPUSTI_OPERATOR_BIN"),
        ({"NEUPUSTI_OPERATOR_EMAIL": ""}, r"needs NEUPUSTI_OPERATOR_EMAIL \(an address"),
        ({"NEUPUSTI_OPERATOR_RESPONSIBLE": " "}, "needs NEUPUSTI_OPERATOR_RESPONSIBLE"),
        (
            {"NEUPUSTI_BASE_URL": "http://neupusti.kz"},
            "needs an https address in NEUPUSTI_",
        ),
        ({"NEUPUSTI_SMTP_URL": ""}, "needs NEUPUSTI_SMTP_URL.*NEUPUSTI_MAIL=outbox"),
        ({"FLASK_DEBUG": "1"}, "does not run with FLASK_DEBUG"),
    ],
)
def test_production_does_not_start_without(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_env(PRODUCTION | changes)


def test_a_number_is_refused_with_its_name_and_its_bounds() -> None:
    defaults = {f"NEUPUSTI_{one.name.upper()}": one.default for one in fields(Settings)}
    assert {n for n, value in defaults.items() if type(value) is int} == NUMBERS.keys()
    for name, wrong in NUMBERS.items():
        for value in (*wrong, "one", "1.5"):
            with pytest.raises(SettingsError, match=rf"{name} .*whole number from \d+ to"):
                Settings.from_env(LOCAL | {name: value})


def test_a_production_may_keep_its_mail_on_purpose() -> None:
    given = {"NEUPUSTI_SMTP_URL": "", "NEUPUSTI_MAIL": "outbox"}
    assert Settings.from_env(PRODUCTION | given).mail_service.server is None


@pytest.mark.parametrize("off", ["", "0", "false", "No"])
def test_a_debugger_that_is_off_stops_nothing(off: str) -> None:
    assert Settings.from_env(PRODUCTION | {"FLASK_DEBUG": off}).production


def test_a_variable_of_the_tests_is_no_setting() -> None:
    assert Settings.from_env(LOCAL | {"NEUPUSTI_REQUIRE_ALL": "1"}).mode is Mode.LOCAL


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("postgresql://u:p@h:5432/d?sslmode=require",) * 2,
        ("postgres://u:p@h:5432/d?sslmode=require",) * 2,
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:////srv/main.sqlite", "sqlite:////srv/main.sqlite"),
    ],
)
def test_an_operator_writes_the_url_their_provider_gave(given: str, made: str) -> None:
    made = re.sub(r"^postgres(ql)?:", "postgresql+psycopg:", made)
    settings = Settings.from_env(
        LOCAL | {"NEUPUSTI_DATABASE_URL": given, "NEUPUSTI_ACCESS_DATABASE_URL": given}
    )
    assert settings.url_of("main") == settings.url_of("access") == made


def test_hosts_are_names_in_lower_case() -> None:
    given = {"NEUPUSTI_HOSTS": " WWW.neupusti.kz, shop.kz ,", "NEUPUSTI_PROXIES": "2"}
    settings = Settings.from_env(PRODUCTION | given)
    assert settings.trusted_hosts == {"neupusti.kz", "www.neupusti.kz", "shop.kz"}
    assert settings.proxies == 2


def test_a_local_site_accepts_local_host_names() -> None:
    settings = Settings.from_env(LOCAL | {"NEUPUSTI_BASE_URL": "http://[::1]:8000/"})
    assert settings.trusted_hosts == {"127.0.0.1", "localhost", "[::1]"}
    assert settings.host == "[::1]:8000"


def test_a_relative_folder_is_that_of_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env(LOCAL | {"NEUPUSTI_INSTANCE": "data"})
    assert settings.instance == tmp_path / "data"


def test_a_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "instance"
    first = local_secret(folder)
    assert len(first) >= 32
    assert local_secret(folder) == first
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600
    assert local_secret(tmp_path / "other") != first


def test_the_second_process_uses_the_secret_of_the_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def meanwhile(_size: int) -> str:
        (tmp_path / "secret").write_text("of the other process")
        return "of this process"

    monkeypatch.setattr(secrets, "token_urlsafe", meanwhile)
    assert local_secret(tmp_path) == "of the other process"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.slow
def test_processes_that_start_at_once_agree_on_a_secret(tmp_path: Path) -> None:
    code = (
        "from neupusti.config import settings as s; print(s.Settings.from_env().secret_key)"
    )
    environ = os.environ | {"NEUPUSTI_INSTANCE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    processes = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, cwd=tmp_path)
        for _ in range(3)
    ]
    secrets = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert secrets == {(tmp_path / "secret").read_bytes()}


def test_an_unwritable_folder_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match=r"No secret can be kept in .*: Not a dir"):
        local_secret(tmp_path / "file" / "instance")


@pytest.mark.parametrize("entry", ["wsgi.py", "-m flask routes"])
@pytest.mark.slow
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    tmp_path: Path, entry: str
) -> None:
    done = subprocess.run(
        [sys.executable, *entry.split()],
        env=os.environ | {"NEUPUSTI_INSTANCE": str(tmp_path), "NEUPUSTI_COLOUR": "red"},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert done.stdout == ""
    wanted = "Neupusti does not start: Unknown setting: NEUPUSTI_COLOUR.\n"
    assert done.stderr == wanted

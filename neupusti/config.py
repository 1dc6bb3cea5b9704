"""Every setting, in one place, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from neupusti.core.data import keys, secretfile
from neupusti.core.mail.service import Server, Service
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError
from neupusti.core.web.edge import hostname
from neupusti.core.web.operator import Operator

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "NEUPUSTI_"
SECRET_BYTES = 32
NOT_OURS = frozenset({"NEUPUSTI_REQUIRE_ALL"})
"""Variables of the prefix that only the test command reads."""
SHORTEST_PASSWORD = 8
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEBUG_OFF = frozenset({"", "0", "false", "no"})
"""The values of FLASK_DEBUG that leave Flask's debugger off."""


class SettingsError(ValueError):
    """The site may not start like this; the message says why in one sentence."""


class Mode(StrEnum):
    """Local is for one machine, with embedded defaults; production for the public."""

    LOCAL = "local"
    PRODUCTION = "production"


def setting(default: Any, says: str) -> Any:
    """Declare a setting: its default and the line of the README that explains it."""
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one app. Field `secret_key` is `NEUPUSTI_SECRET_KEY`, and so on."""

    mode: Mode = setting(Mode.LOCAL, "`local` or `production`")
    instance: Path = setting(ROOT / "instance", "folder of databases, secret and mail")
    secret_key: str = setting("", "at least 32 bytes; made and kept in the folder if local")
    secret_keys_old: tuple[str, ...] = setting(
        (), "former secrets, comma-separated, the newest first: see `docs/security.md`"
    )
    database_url: str = setting("", "main database; a SQLite file in the folder if empty")
    access_database_url: str = setting("", "database of the access log, the same way")
    base_url: str = setting("http://127.0.0.1:8000", "address for links in mails and feeds")
    hosts: tuple[str, ...] = setting((), "further host names to answer, comma-separated")
    proxies: int = setting(0, "how many trusted proxies stand in front")
    access_ip_days: int = setting(30, "days after which addresses in the log are masked")
    access_days: int = setting(90, "days after which rows of the log are destroyed")
    access_static: int = setting(0, "`1`: static files are written down too")
    access_countries: str = setting("", "an .mmdb of countries, instead of our table")
    access_spam_hosts: str = setting("", "a file of hosts whose referrers are spam")
    smtp_url: str = setting(
        "", "mail server: `smtp+starttls://user:password@host:587`; mail is kept if empty"
    )
    mail_from: str = setting("", "sender of mails; the operator's e-mail if empty")
    password_min: int = setting(12, "characters a password needs without a second factor")
    people_an_hour: int = setting(
        30, "people one member of staff may open in an hour before the others are told"
    )
    operator_name: str = setting("ТОО «Neupusti.net»", "the operator's name")
    operator_bin: str = setting("", "its BIN; production checks the check digit")
    operator_address: str = setting(
        "Республика Казахстан, Алматы, ул. Маркова, 22/37", "its address"
    )
    operator_email: str = setting("", "its e-mail for requests about personal data")
    operator_phone: str = setting("", "its phone, as it should be shown")
    operator_responsible: str = setting("", "the person responsible for personal data")
    authorised_body: str = setting(
        "", "name of the body that protects the rights of data subjects (6.2.4)"
    )

    def __post_init__(self) -> None:
        self._check_secrets()
        if self.proxies < 0:
            raise SettingsError(f"{PREFIX}PROXIES is a count: 0 or more.")
        self._check_log()
        if not _is_origin(self.base_url):
            raise SettingsError(
                f"{PREFIX}BASE_URL is not an address like https://neupusti.kz."
            )
        if any(hostname(host) != host for host in self.hosts):
            raise SettingsError(
                f"{PREFIX}HOSTS holds names without ports, comma-separated."
            )
        if self.password_min < SHORTEST_PASSWORD:
            raise SettingsError(
                f"{PREFIX}PASSWORD_MIN may not be under {SHORTEST_PASSWORD}."
            )
        self._check_mail()
        for database, name in (("main", "DATABASE_URL"), ("access", "ACCESS_DATABASE_URL")):
            if not _is_database(self.url_of(database)):
                raise SettingsError(
                    f"{PREFIX}{name} is not a postgresql:// or sqlite:// URL."
                )
        if self.production:
            self._check_production()

    def _check_secrets(self) -> None:
        if len(self.secret_key.encode()) < SECRET_BYTES:
            raise SettingsError(f"{PREFIX}SECRET_KEY needs at least {SECRET_BYTES} bytes.")
        if any(len(old.encode()) < SECRET_BYTES for old in self.secret_keys_old):
            raise SettingsError(
                f"{PREFIX}SECRET_KEYS_OLD holds secrets of at least {SECRET_BYTES} bytes, "
                f"comma-separated."
            )

    def _check_mail(self) -> None:
        given = {"OPERATOR_EMAIL": self.operator_email, "MAIL_FROM": self.sender}
        for name in filter(given.get, given):
            try:
                emails.parse(given[name])
            except EmailError:
                raise SettingsError(f"{PREFIX}{name} is not an address.") from None
        try:
            server = Server.parse(self.smtp_url) if self.smtp_url else None
        except ValueError:
            raise SettingsError(
                f"{PREFIX}SMTP_URL is not smtp://, smtp+starttls:// or smtps://."
            ) from None
        in_clear = server and server.scheme == "smtp" and server.host not in LOOPBACK
        if self.production and in_clear:
            raise SettingsError(
                f"Production sends no mail in the clear: use smtp+starttls:// or smtps:// "
                f"in {PREFIX}SMTP_URL."
            )

    def _check_log(self) -> None:
        if not 0 < self.access_ip_days <= self.access_days:
            raise SettingsError(f"{PREFIX}ACCESS_IP_DAYS is 1 to {PREFIX}ACCESS_DAYS.")
        for file in (self.access_countries, self.access_spam_hosts):
            if file and not Path(file).is_file():
                raise SettingsError(f"There is no file «{file}».")

    def _check_production(self) -> None:
        if missing := self.operator.missing():
            raise SettingsError(f"Production needs {', '.join(missing)} of the operator.")
        if urlsplit(self.base_url).scheme != "https":
            raise SettingsError(f"Production needs an https address in {PREFIX}BASE_URL.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read `NEUPUSTI_*`; raise SettingsError on an unknown name or a bad value."""
        known = {PREFIX + f.name.upper(): f.name for f in fields(cls)}
        given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        if unknown := sorted(given.keys() - known.keys() - NOT_OURS):
            raise SettingsError(f"Unknown setting: {', '.join(unknown)}.")
        values = {
            known[name]: _parse(name, known[name], text)
            for name, text in given.items()
            if name in known and text
        }
        debug = environ.get("FLASK_DEBUG", "").lower() not in DEBUG_OFF
        if debug and values.get("mode") is Mode.PRODUCTION:
            raise SettingsError("Production does not run with FLASK_DEBUG.")
        values["instance"] = values.get("instance", ROOT / "instance").absolute()
        if "secret_key" not in values and values.get("mode") is not Mode.PRODUCTION:
            values["secret_key"] = local_secret(values["instance"])
        return cls(**values)

    @property
    def production(self) -> bool:
        """Whether the site serves the public."""
        return self.mode is Mode.PRODUCTION

    @property
    def operator(self) -> Operator:
        """The operator's card."""
        return Operator(
            name=self.operator_name,
            bin=self.operator_bin,
            address=self.operator_address,
            email=self.operator_email,
            phone=self.operator_phone,
            responsible=self.operator_responsible,
        )

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        name = hostname(self.host)
        domain = name if "." in name and not name[-1].isdigit() else "localhost.invalid"
        return self.mail_from or self.operator_email or f"noreply@{domain}"

    @property
    def mail(self) -> Service:
        """How mails leave the site."""
        return Service(
            server=Server.parse(self.smtp_url) if self.smtp_url else None,
            sender=emails.parse(self.sender),
            sender_name="Neupusti",
            base_url=self.base_url.rstrip("/"),
        )

    @property
    def host(self) -> str:
        """The canonical host name (1.1.5), with its port if it names one."""
        return urlsplit(self.base_url).netloc

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """Host names that get an answer, without ports; any other gets 400."""
        local = () if self.production else ("127.0.0.1", "localhost", "[::1]")
        return frozenset({hostname(self.host), *self.hosts, *local})

    def url_of(self, database: str) -> str:
        """Return the SQLAlchemy URL of `main` or `access`."""
        given = self.database_url if database == "main" else self.access_database_url
        url = given or f"sqlite:///{self.instance / database}.sqlite"
        # The driver is ours to name: operators write what their provider gave them.
        for scheme in ("postgresql://", "postgres://"):
            url = url.replace(scheme, "postgresql+psycopg://", 1)
        return url

    def for_flask(self) -> dict[str, Any]:
        """Return the configuration of Flask and its extensions."""
        return {
            "SECRET_KEY": self.secret_key,
            # Not Flask's SECRET_KEY_FALLBACKS: a former secret signs no cookie.
            keys.FORMER: self.secret_keys_old,
            "SQLALCHEMY_DATABASE_URI": self.url_of("main"),
            "SQLALCHEMY_BINDS": {"access": self.url_of("access")},
            "MAX_CONTENT_LENGTH": 64 * 1024,
            "MAX_FORM_MEMORY_SIZE": 64 * 1024,
            "MAX_FORM_PARTS": 100,
            "BABEL_DEFAULT_LOCALE": "ru_KZ",
            "BABEL_DEFAULT_TIMEZONE": "Asia/Almaty",
            "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
            # A token lives as long as its session: a form may stay open for a day. And a
            # page with a secret in its address sends no Referer that could be checked.
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_SSL_STRICT": False,
            "SESSION_COOKIE_NAME": "__Host-session" if self.production else "session",
            "SESSION_COOKIE_SECURE": self.production,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
        }


def settings() -> Settings:
    """Return the settings of the current app."""
    return cast("Settings", current_app.extensions["neupusti.settings"])


def local_secret(instance: Path) -> str:
    """Return the secret kept in `instance`; make it on the first call."""
    try:
        return secretfile.kept_in(instance)
    except OSError as error:
        where = instance / "secret"
        raise SettingsError(
            f"No secret can be kept in {where}: {error.strerror}."
        ) from None


def _is_origin(address: str) -> bool:
    """Tell whether `address` is a scheme, a host and perhaps a port, and nothing else."""
    scheme, _, rest = address.partition("://")
    return scheme in {"http", "https"} and hostname(rest.removesuffix("/")) != ""


def _is_database(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() in {"postgresql", "sqlite"}
    except ArgumentError:
        return False


def _parse(name: str, field_name: str, text: str) -> Any:
    try:
        match field_name:
            case "mode":
                return Mode(text)
            case "instance":
                return Path(text)
            case _ if isinstance(Settings.__dataclass_fields__[field_name].default, int):
                return int(text)
            case "hosts":
                return tuple(h.strip().lower() for h in text.split(",") if h.strip())
            case "secret_keys_old":
                return tuple(s.strip() for s in text.split(",") if s.strip())
            case _:
                return text
    except ValueError:
        raise SettingsError(f"{name} may not be «{text}».") from None

"""Validation of the settings at start."""

import re
from dataclasses import Field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from neupusti.config.values import MailMode, Values
from neupusti.core.mail.service import Server
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError
from neupusti.core.web.edge import hostname

PREFIX = "NEUPUSTI_"
SECRET_BYTES = 32
HSTS = re.compile(r"max-age=[0-9]{1,10}(; includeSubDomains)?(; preload)?")
SMTP_EXAMPLE = "smtp+starttls://user:password@host:587"
TWO_SERVERS = "postgresql://user@/name?host=10.0.0.21,10.0.0.22"
OPERATOR = {
    "a valid BIN": ("OPERATOR_BIN", "12 digits whose check digit is right"),
    "a contact e-mail": ("OPERATOR_EMAIL", "an address like privacy@neupusti.kz"),
    "a responsible person": ("OPERATOR_RESPONSIBLE", "a name"),
}
"""What production needs of the operator: the variable, and what it takes."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(ValueError):
    """The site cannot start with these settings; the message says why."""


def check(settings: Values) -> None:
    """Raise SettingsError, with a message of one sentence, for an invalid value."""
    _check_secrets(settings)
    for one in fields(settings):
        _check_bounds(one, getattr(settings, one.name))
    _check_log(settings)
    if not _is_origin(settings.base_url):
        raise SettingsError(f"{PREFIX}BASE_URL is not an address like https://neupusti.kz.")
    if any(hostname(host) != host for host in settings.hosts):
        raise SettingsError(f"{PREFIX}HOSTS holds names without ports, comma-separated.")
    if not HSTS.fullmatch(settings.hsts):
        raise SettingsError(
            f"{PREFIX}HSTS is like «max-age=63072000», or like "
            f"«max-age=63072000; includeSubDomains; preload»."
        )
    _check_mail(settings)
    for database, name in (("main", "DATABASE_URL"), ("access", "ACCESS_DATABASE_URL")):
        if not _is_database(settings.url_of(database)):
            raise SettingsError(
                f"{PREFIX}{name} is not a postgresql:// or sqlite:// URL; two servers are "
                f"named like {TWO_SERVERS}."
            )
    if settings.production:
        _check_production(settings)


def _check_secrets(settings: Values) -> None:
    if len(settings.secret_key.encode()) < SECRET_BYTES:
        raise SettingsError(f"{PREFIX}SECRET_KEY needs at least {SECRET_BYTES} bytes.")
    if any(len(old.encode()) < SECRET_BYTES for old in settings.secret_keys_old):
        raise SettingsError(
            f"{PREFIX}SECRET_KEYS_OLD holds secrets of at least {SECRET_BYTES} bytes, "
            f"comma-separated."
        )


def _check_bounds(one: Field[Any], value: Any) -> None:
    if (bounds := one.metadata["between"]) and not bounds[0] <= value <= bounds[1]:
        raise SettingsError(f"{PREFIX}{one.name.upper()} is {whole_number(*bounds)}.")


def whole_number(lowest: int, highest: int) -> str:
    """Return how a message describes the values of a number."""
    return f"a whole number from {lowest} to {highest}"


def _check_mail(settings: Values) -> None:
    addresses = {"OPERATOR_EMAIL": settings.operator_email, "MAIL_FROM": settings.sender}
    for name in filter(addresses.get, addresses):
        try:
            emails.parse(addresses[name])
        except EmailError:
            raise SettingsError(
                f"{PREFIX}{name} is not an address like privacy@neupusti.kz."
            ) from None
    try:
        server = Server.parse(settings.smtp_url) if settings.smtp_url else None
    except ValueError:
        raise SettingsError(
            f"{PREFIX}SMTP_URL is not smtp://, smtp+starttls:// or smtps:// and a server, "
            f"like {SMTP_EXAMPLE}."
        ) from None
    if server and settings.mail is MailMode.OUTBOX:
        raise SettingsError(
            f"{PREFIX}MAIL=outbox keeps all mail, {PREFIX}SMTP_URL sends it: leave one out."
        )
    unencrypted = server and server.scheme == "smtp" and server.host not in LOOPBACK
    if settings.production and unencrypted:
        raise SettingsError(
            f"Production sends no mail in the clear: use smtp+starttls:// or smtps:// "
            f"in {PREFIX}SMTP_URL."
        )


def _check_log(settings: Values) -> None:
    if not 0 < settings.access_ip_days <= settings.access_days:
        raise SettingsError(f"{PREFIX}ACCESS_IP_DAYS is 1 to {PREFIX}ACCESS_DAYS.")
    for name in ("access_countries", "access_spam_hosts"):
        file = getattr(settings, name)
        if file and not Path(file).is_file():
            raise SettingsError(f"{PREFIX}{name.upper()} is a file, but «{file}» is none.")


def _check_production(settings: Values) -> None:
    if missing := settings.operator.missing():
        needed = (f"{PREFIX}{OPERATOR[what][0]} ({OPERATOR[what][1]})" for what in missing)
        raise SettingsError(f"Production needs {', '.join(needed)}.")
    if not settings.smtp_url and settings.mail is not MailMode.OUTBOX:
        raise SettingsError(
            f"Production needs {PREFIX}SMTP_URL, like {SMTP_EXAMPLE}; {PREFIX}MAIL=outbox "
            f"says that no mail is to leave."
        )
    if urlsplit(settings.base_url).scheme != "https":
        raise SettingsError(
            f"Production needs an https address in {PREFIX}BASE_URL, like https://neupusti.kz."
        )


def _is_origin(address: str) -> bool:
    """Return whether `address` is only a scheme, a host and optionally a port."""
    scheme, _, rest = address.partition("://")
    return scheme in {"http", "https"} and hostname(rest.removesuffix("/")) != ""


def _is_database(url: str) -> bool:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"postgresql", "sqlite"}:
            return False
        # As many ports as hosts, and what else the driver wants to be asked.
        parsed.get_dialect()().create_connect_args(parsed)
    except (ArgumentError, ValueError):
        # A ValueError is that of a port that is no number, as libpq writes two hosts.
        return False
    return True

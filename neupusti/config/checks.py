"""Validation of the settings at start."""

from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from neupusti.config.values import Values
from neupusti.core.mail.service import Server
from neupusti.core.text import emails
from neupusti.core.text.emails import EmailError
from neupusti.core.web.edge import hostname

PREFIX = "NEUPUSTI_"
SECRET_BYTES = 32
SHORTEST_PASSWORD = 8
HIGHEST_PRICE = 100_000_000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(ValueError):
    """The site cannot start with these settings; the message says why."""


def check(settings: Values) -> None:
    """Raise SettingsError, with a message of one sentence, for an invalid value."""
    _check_secrets(settings)
    if settings.proxies < 0:
        raise SettingsError(f"{PREFIX}PROXIES is a count: 0 or more.")
    _check_log(settings)
    if not _is_origin(settings.base_url):
        raise SettingsError(f"{PREFIX}BASE_URL is not an address like https://neupusti.kz.")
    if any(hostname(host) != host for host in settings.hosts):
        raise SettingsError(f"{PREFIX}HOSTS holds names without ports, comma-separated.")
    if settings.password_min < SHORTEST_PASSWORD:
        raise SettingsError(f"{PREFIX}PASSWORD_MIN may not be under {SHORTEST_PASSWORD}.")
    _check_delivery(settings)
    _check_mail(settings)
    for database, name in (("main", "DATABASE_URL"), ("access", "ACCESS_DATABASE_URL")):
        if not _is_database(settings.url_of(database)):
            raise SettingsError(f"{PREFIX}{name} is not a postgresql:// or sqlite:// URL.")
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


def _check_delivery(settings: Values) -> None:
    for name in ("delivery_courier_fee", "delivery_post_fee", "delivery_free_from"):
        if not 0 <= getattr(settings, name) <= HIGHEST_PRICE:
            raise SettingsError(f"{PREFIX}{name.upper()} is tenge, 0 to {HIGHEST_PRICE}.")


def _check_mail(settings: Values) -> None:
    addresses = {"OPERATOR_EMAIL": settings.operator_email, "MAIL_FROM": settings.sender}
    for name in filter(addresses.get, addresses):
        try:
            emails.parse(addresses[name])
        except EmailError:
            raise SettingsError(f"{PREFIX}{name} is not an address.") from None
    try:
        server = Server.parse(settings.smtp_url) if settings.smtp_url else None
    except ValueError:
        raise SettingsError(
            f"{PREFIX}SMTP_URL is not smtp://, smtp+starttls:// or smtps://."
        ) from None
    unencrypted = server and server.scheme == "smtp" and server.host not in LOOPBACK
    if settings.production and unencrypted:
        raise SettingsError(
            f"Production sends no mail in the clear: use smtp+starttls:// or smtps:// "
            f"in {PREFIX}SMTP_URL."
        )


def _check_log(settings: Values) -> None:
    if not 0 < settings.access_ip_days <= settings.access_days:
        raise SettingsError(f"{PREFIX}ACCESS_IP_DAYS is 1 to {PREFIX}ACCESS_DAYS.")
    for file in (settings.access_countries, settings.access_spam_hosts):
        if file and not Path(file).is_file():
            raise SettingsError(f"There is no file «{file}».")


def _check_production(settings: Values) -> None:
    if missing := settings.operator.missing():
        raise SettingsError(f"Production needs {', '.join(missing)} of the operator.")
    if urlsplit(settings.base_url).scheme != "https":
        raise SettingsError(f"Production needs an https address in {PREFIX}BASE_URL.")


def _is_origin(address: str) -> bool:
    """Return whether `address` is only a scheme, a host and optionally a port."""
    scheme, _, rest = address.partition("://")
    return scheme in {"http", "https"} and hostname(rest.removesuffix("/")) != ""


def _is_database(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() in {"postgresql", "sqlite"}
    except ArgumentError:
        return False

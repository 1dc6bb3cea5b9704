"""The values of the settings, their defaults, and what follows from them."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neupusti.core.mail.service import Server, Service
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.core.web.edge import hostname
from neupusti.core.web.operator import Operator

ROOT = Path(__file__).resolve().parents[2]
PRICES = (0, 100_000_000)
TRANSLATED = {
    ("operator_name", Language.KK): "«Neupusti.net» ЖШС",
    ("operator_name", Language.EN): "“Neupusti.net” LLP",
    (
        "operator_address",
        Language.KK,
    ): "Қазақстан Республикасы, Алматы, Марков көшесі, 22/37",
    (
        "operator_address",
        Language.EN,
    ): "22/37 Markov Street, Almaty, Kazakhstan",
}
"""The defaults of the operator's name and address in other languages."""


class Mode(StrEnum):
    """`local`: one machine, with defaults; `production`: for the public."""

    LOCAL = "local"
    PRODUCTION = "production"


class MailMode(StrEnum):
    """Where emails go: `auto` sends them where a server is set, `outbox` keeps them."""

    AUTO = "auto"
    OUTBOX = "outbox"


class ProofMode(StrEnum):
    """Who may see whether the policy holds: everybody, or staff alone."""

    PUBLIC = "public"
    STAFF = "staff"


def setting(
    default: Any, description: str, *, between: tuple[int, int] | None = None
) -> Any:
    """Declare a setting: its default, its description in the README, the bounds."""
    return field(default=default, metadata={"description": description, "between": between})


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The settings of one app; `NEUPUSTI_SECRET_KEY` sets the field `secret_key`."""

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
    hsts: str = setting(
        "max-age=63072000",
        "the header of an https site; `; includeSubDomains; preload` binds its domain too",
    )
    proxies: int = setting(0, "how many trusted proxies stand in front", between=(0, 9))
    clear_cookies: int = setting(
        0,
        "`1`: no other site shares the domain; erasing clears all cookies of the domain",
        between=(0, 1),
    )
    access_ip_days: int = setting(
        30, "days after which addresses in the log are masked", between=(1, 3650)
    )
    access_days: int = setting(
        90, "days after which rows of the log are destroyed", between=(1, 3650)
    )
    access_static: int = setting(
        0, "`1`: static files are written down too", between=(0, 1)
    )
    access_countries: str = setting("", "an .mmdb of countries, instead of our table")
    access_spam_hosts: str = setting("", "a file of hosts whose referrers are spam")
    mail: MailMode = setting(
        MailMode.AUTO, "`outbox`: no mail leaves, on purpose; only the staff reads it"
    )
    smtp_url: str = setting(
        "",
        "mail server: `smtp+starttls://user:password@host:587`; production needs it, "
        "a local site keeps its mail without",
    )
    mail_from: str = setting("", "sender of mails; the operator's e-mail if empty")
    backups: str = setting(
        "", "folder of the backups; `flask site doctor` looks how old the newest is"
    )
    backup_days: int = setting(
        30, "days after which `flask backup make` removes a backup", between=(1, 3650)
    )
    backup_key: str = setting(
        "", "file of an OpenPGP public key, to whose owner backups are encrypted"
    )
    proofs: ProofMode = setting(
        ProofMode.PUBLIC,
        "`staff`: only staff sees whether the policy was found to hold; else everybody",
    )
    password_min: int = setting(
        12, "characters a password needs without a second factor", between=(8, 64)
    )
    people_an_hour: int = setting(
        30,
        "people one member of staff may open in an hour before the others are notified",
        between=(1, 100_000),
    )
    news_per_minute: int = setting(
        100, "e-mails of the newsletter that leave in a minute", between=(1, 1_000_000)
    )
    delivery_courier_fee: int = setting(
        1500, "price of a delivery by courier, in tenge", between=PRICES
    )
    delivery_post_fee: int = setting(
        2000, "price of a delivery by Kazpost, in tenge", between=PRICES
    )
    delivery_free_from: int = setting(
        50_000,
        "goods of this sum in tenge are delivered for free; `0`: never",
        between=PRICES,
    )
    pickup_address: str = setting(
        "", "where orders are collected; the operator's address if empty"
    )
    pickup_hours: str = setting("", "when they are, as it should be shown")
    operator_name: str = setting("ТОО «Neupusti.net»", "the operator's name")
    operator_bin: str = setting("", "its BIN; production checks the check digit")
    operator_address: str = setting(
        "Республика Казахстан, Алматы, ул. Маркова, 22/37", "its address"
    )
    operator_name_kk: str = setting("", "its name in Kazakh; the one above if empty")
    operator_name_en: str = setting("", "its name in English, the same way")
    operator_address_kk: str = setting("", "its address in Kazakh, the same way")
    operator_address_en: str = setting("", "its address in English, the same way")
    operator_email: str = setting("", "its e-mail for requests about personal data")
    operator_phone: str = setting("", "its phone, as it should be shown")
    operator_responsible: str = setting("", "the person responsible for personal data")
    authorised_body: str = setting(
        "", "name of the body that protects the rights of data subjects (6.2.4)"
    )

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
            names=self._translated("operator_name"),
            addresses=self._translated("operator_address"),
            email=self.operator_email,
            phone=self.operator_phone,
            responsible=self.operator_responsible,
        )

    def _translated(self, field_name: str) -> dict[Language, str]:
        """Return a field in other languages; the default has translations of its own."""
        own = {
            Language.KK: getattr(self, f"{field_name}_kk"),
            Language.EN: getattr(self, f"{field_name}_en"),
        }
        default = type(self).__dataclass_fields__[field_name].default
        shipped = TRANSLATED if getattr(self, field_name) == default else {}
        return {
            language: text or shipped.get((field_name, language), "")
            for language, text in own.items()
        }

    @property
    def sender(self) -> str:
        """The sender address of emails."""
        name = hostname(self.host)
        domain = name if "." in name and not name[-1].isdigit() else "localhost.invalid"
        return self.mail_from or self.operator_email or f"noreply@{domain}"

    @property
    def mail_service(self) -> Service:
        """The mail service."""
        return Service(
            server=Server.parse(self.smtp_url) if self.smtp_url else None,
            sender=emails.parse(self.sender),
            sender_name="Neupusti",
            base_url=self.base_url.rstrip("/"),
        )

    @property
    def host(self) -> str:
        """The canonical host name (1.1.5), with its port if there is one."""
        return urlsplit(self.base_url).netloc

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """Accepted host names, without ports; any other gets 400."""
        local = () if self.production else ("127.0.0.1", "localhost", "[::1]")
        return frozenset({hostname(self.host), *self.hosts, *local})

    def url_of(self, database: str) -> str:
        """Return the SQLAlchemy URL of `main` or `access`."""
        given = self.database_url if database == "main" else self.access_database_url
        url = given or f"sqlite:///{self.instance / database}.sqlite"
        # The driver is our choice: operators write the URL of their provider.
        for scheme in ("postgresql://", "postgres://"):
            url = url.replace(scheme, "postgresql+psycopg://", 1)
        return url

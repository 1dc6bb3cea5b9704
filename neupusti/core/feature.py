"""The manifest of a feature and its parts.

Only `neupusti.app` imports the manifests, so that features need not import each other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from flask import Blueprint
from flask_babel import LazyString
from sqlalchemy.orm import Session

from neupusti.core.background import Job
from neupusti.core.keeping import Hold, Holding, IndefiniteRetention, Retention, Unheld
from neupusti.core.mail.outbox import EmailType
from neupusti.core.proofs.proof import AnyProof
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.decisions import Decision
from neupusti.core.records.journal import StaffActionType
from neupusti.core.rules import Rule

Replay = Callable[[Session, DecisionLine], int]
"""Carries a recorded decision out again where that is needed; returns the changed rows."""


@dataclass(frozen=True, slots=True)
class Together:
    """A `Replay` that carries out many decisions at once, in any order."""

    many: Callable[[Session, Sequence[DecisionLine]], int]

    def __call__(self, session: Session, line: DecisionLine) -> int:
        """Carry one of them out again."""
        return self.many(session, [line])


class Category(StrEnum):
    """A category of cookies, consented to separately; `necessary` needs no consent."""

    NECESSARY = "necessary"
    PREFERENCES = "preferences"
    STATISTICS = "statistics"
    MARKETING = "marketing"


CONSENT_LIFETIME = timedelta(days=180)
"""How long a choice about cookies holds; no optional cookie may outlive it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A third-party source that a cookie needs: one CSP directive."""

    directive: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie this feature may set, or a family of them (1.1.7, 3.3, 3.3.1).

    Cookie policy, deletion, banner, public table and CSP are all derived from it;
    `docs/cookies.md` shows how to add one.
    """

    name: str
    category: Category
    purpose: str | LazyString
    purpose_version: int = 1
    """Raised when the purpose grows wider, which asks again; a reworded text keeps it."""
    lifetime: timedelta | None = None
    """How long a browser may keep it; None: until the browser is closed."""
    set_by: str | LazyString | None = None
    """Who sets and reads it, under a name of their own; None: this site itself."""
    prefix: bool = False
    """Whether `name` is the prefix of a family of names."""
    path: str = "/"
    domain: str | None = None
    http_only: bool = True
    origins: tuple[Origin, ...] = ()

    def wire_name(self, *, secure: bool) -> str:
        """Return the name as sent: with `__Host-` or `__Secure-` if the site is secure.

        The name of a third party's cookie is not ours to change.
        """
        if not secure or self.set_by is not None:
            return self.name
        host = self.path == "/" and self.domain is None
        return f"{'__Host-' if host else '__Secure-'}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the staff menu."""

    endpoint: str
    label: str | LazyString


class Note(Protocol):
    """What is open, in a sentence, and the page that shows it."""

    @property
    def sentence(self) -> str | LazyString:
        """The sentence, in the language of the reader."""

    @property
    def href(self) -> str:
        """The URL of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """An entry of the staff board: a duty of the policy and its open items (6.2)."""

    clause: str
    label: str | LazyString
    """The open items, in the plural."""
    open: Callable[[], int]
    """Counts the open items."""
    endpoint: str | None = None
    """The staff page where they are handled."""
    notes: Callable[[], Iterable[Note]] = tuple
    """The gravest of them, for whoever may open that page."""


class Place(StrEnum):
    """A menu of the layout that lists a public page."""

    HEADER = "header"
    FOOTER = "footer"
    ACCOUNT = "account"
    """The first page of a signed-in person's account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page for the menus of the layout, the sitemap or both."""

    endpoint: str
    label: str | LazyString
    places: frozenset[Place] = frozenset()
    first: bool = False
    """Whether it comes before the pages of other features."""
    listed: bool = True
    """Whether the sitemap lists it: it is the same for everybody."""


ChangedAddress = tuple[str, dict[str, Any], datetime]
"""Endpoint, values and last change of one public page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFiles:
    """Public addresses by the thousand: numbered files of the sitemap.

    A file has at most 15,000 addresses with all languages: sitemaps end at 50,000.
    """

    numbers: Callable[[], Iterable[int]]
    """The files that are not empty."""
    addresses: Callable[[int], Iterable[ChangedAddress]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feature:
    """The manifest of one feature."""

    name: str
    clauses: tuple[str, ...]
    blueprint: Blueprint | None = None
    access: Mapping[str, Rule] = field(default_factory=dict)
    """Who may call each endpoint it registers."""
    essential: frozenset[str] = frozenset()
    """Endpoints that can be read even while the site is shut (`core.web.gate`)."""
    cookies: tuple[Cookie, ...] = ()
    former_cookies: tuple[Cookie, ...] = ()
    """What it declared once: nobody sets or reads them, and browsers delete them."""
    holdings: tuple[Holding, ...] = ()
    unheld: tuple[Unheld, ...] = ()
    retention: tuple[Retention, ...] = ()
    indefinite: tuple[IndefiniteRetention, ...] = ()
    holds: tuple[Hold, ...] = ()
    """What stands against the destruction of its rows, by law or by an open matter."""
    admin_menu: tuple[MenuItem, ...] = ()
    duties: tuple[Duty, ...] = ()
    staff_actions: tuple[StaffActionType, ...] = ()
    """The types of staff actions it logs."""
    pages: tuple[Page, ...] = ()
    emails: tuple[EmailType, ...] = ()
    """The types of email it sends; all are listed to the recipient (4.1.7)."""
    deadlines: Mapping[str, str] = field(default_factory=dict)
    """Kind of deadline -> the staff page of what is due, by its `number`."""
    codes: Mapping[str, Mapping[Any, str | LazyString]] = field(default_factory=dict)
    """Table and column -> what people read of each code that is stored there."""
    jobs: tuple[Job, ...] = ()
    """Its background jobs, run by one worker process."""
    proofs: tuple[AnyProof, ...] = ()
    """What is looked at in the live data to prove that its clauses hold."""
    replays: Mapping[Decision, Replay] = field(default_factory=dict)
    """How the decisions it records are carried out again in a restored database.

    Each is repeatable: a second time it changes nothing.
    """
    seed: Callable[[], str] | None = None
    """Loads the data shipped with the feature, idempotently; returns a summary."""
    needs_data: Callable[[int], Iterable[str]] = lambda _person: ()
    """Names what of a person's still needs their data, such as an open order (6.1.1)."""
    staff_names: Callable[[], Mapping[int, str]] = dict
    """The names of members of staff, by their numbers in the journals."""
    addresses: Callable[[], Iterable[tuple[str, dict[str, Any]]]] = tuple
    """Further public addresses for the sitemap: (endpoint, values) of each."""
    address_files: AddressFiles | None = None
    """Those that grow with the data."""

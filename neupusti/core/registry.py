"""The registry of features: their contributions, checked once at start."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Self, cast

from flask import Flask, current_app
from flask_babel import LazyString
from sqlalchemy import ColumnElement, Table

from neupusti.core import holding
from neupusti.core.background import Job
from neupusti.core.data import finding
from neupusti.core.feature import (
    CONSENT_LIFETIME,
    AddressFiles,
    Category,
    Cookie,
    Duty,
    Feature,
    MenuItem,
    Page,
    Place,
    Replay,
)
from neupusti.core.keeping import (
    Fate,
    Hold,
    Holding,
    IndefiniteRetention,
    Retention,
    Unheld,
)
from neupusti.core.mail.outbox import EmailType
from neupusti.core.proofs.proof import AnyProof
from neupusti.core.records.journal import StaffActionType
from neupusti.core.rules import Rule
from neupusti.core.term_proofs import proof_of


@dataclass(frozen=True)
class Registry:
    """All features in their order, and their merged contributions."""

    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        _unique("feature", [feature.name for feature in self.features])
        _check_cookies(self.cookies, self.former_cookies)
        _unique("page", [page.endpoint for page in self.pages])
        _unique("email", [email.name for email in self.emails])
        _unique("job", [job.name for job in self.jobs])
        _unique("deadline", [kind for f in self.features for kind in f.deadlines])
        _unique("code", [column for f in self.features for column in f.codes])
        _unique("endpoint", [endpoint for f in self.features for endpoint in f.access])
        _unique("proof", [proof.name for proof in self.proofs])
        _unique("hold", [hold.code for hold in self.holds])
        _unique("replay", [kind for f in self.features for kind in f.replays])
        _unique("staff action", [action.code for action in self.staff_actions])

    @property
    def access(self) -> dict[str, Rule]:
        """Who may call each endpoint."""
        return dict(chain.from_iterable(f.access.items() for f in self.features))

    @property
    def essential(self) -> frozenset[str]:
        """Endpoints that can be read even while the site is shut."""
        return frozenset(chain.from_iterable(f.essential for f in self.features))

    @property
    def cookies(self) -> tuple[Cookie, ...]:
        """Every cookie the site may set."""
        return tuple(chain.from_iterable(f.cookies for f in self.features))

    @property
    def former_cookies(self) -> tuple[Cookie, ...]:
        """Every cookie the site declared once."""
        return tuple(chain.from_iterable(f.former_cookies for f in self.features))

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """Every table that holds rows about people."""
        return tuple(chain.from_iterable(f.holdings for f in self.features))

    @property
    def blockable(self) -> tuple[Table, ...]:
        """The tables whose rows a block takes out of use."""
        held = (holding for holding in self.holdings if holding.unblocked is None)
        return tuple(holding.model.__table__ for holding in held)

    @property
    def guarded(self) -> dict[Table, bool]:
        """The tables that take no rows about whom is gone -> whether a block covers them.

        Where rows refer to their person, the database sees to it that there is one.
        """
        gone = (
            holding.model.__table__
            for holding in self.holdings
            if holding.fate is Fate.ROW and not holding.repeated
        )
        free = (
            table
            for table in gone
            if (subjects := finding.subjects(table))
            and not any(column.foreign_keys for column in subjects)
        )
        return dict.fromkeys(free, False) | dict.fromkeys(self.blockable, True)

    @property
    def unheld(self) -> tuple[Unheld, ...]:
        """Every table with personal data in which nobody can be found."""
        return tuple(chain.from_iterable(f.unheld for f in self.features))

    @property
    def retention(self) -> tuple[Retention, ...]:
        """Every rule of how long rows are kept."""
        return tuple(chain.from_iterable(f.retention for f in self.features))

    @property
    def indefinite(self) -> tuple[IndefiniteRetention, ...]:
        """Everything that is kept without a fixed term."""
        return tuple(chain.from_iterable(f.indefinite for f in self.features))

    @property
    def holds(self) -> tuple[Hold, ...]:
        """Everything that stands against destruction."""
        return tuple(chain.from_iterable(f.holds for f in self.features))

    def holds_of(self, table: Table) -> tuple[Hold, ...]:
        """Return the holds on rows of `table`, with the columns that stay in it."""
        return self._holds_of(table, at_term=False)

    def held(
        self, table: Table, columns: Collection[str] = (), *, at_term: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition of the rows of `table` that a hold in force keeps.

        With `columns` only those of which a hold keeps one of these; `at_term`: at the end
        of a term of the table itself.
        """
        return holding.keeps(table, self._holds_of(table, at_term=at_term), columns)

    def _holds_of(self, table: Table, *, at_term: bool) -> tuple[Hold, ...]:
        """Return the holds on rows of `table`; a destruction asks for them all the time."""
        found = self._holds.get((table, at_term))
        if found is None:
            found = tuple(holding.of(table, self.holds, at_term=at_term))
            self._holds[table, at_term] = found
        return found

    @cached_property
    def _holds(self) -> dict[tuple[Table, bool], tuple[Hold, ...]]:
        return {}

    @property
    def admin_menu(self) -> tuple[MenuItem, ...]:
        """The staff menu."""
        return tuple(chain.from_iterable(f.admin_menu for f in self.features))

    @property
    def duties(self) -> tuple[Duty, ...]:
        """Every duty on the staff board."""
        return tuple(chain.from_iterable(f.duties for f in self.features))

    @property
    def emails(self) -> tuple[EmailType, ...]:
        """Every type of email the site sends."""
        return tuple(chain.from_iterable(f.emails for f in self.features))

    @property
    def deadlines(self) -> dict[str, str]:
        """Kind of deadline -> the endpoint of the staff page of what is due."""
        return dict(chain.from_iterable(f.deadlines.items() for f in self.features))

    @cached_property
    def codes(self) -> dict[str, Mapping[Any, str | LazyString]]:
        """Table and column -> what people read of each code that is stored there."""
        emails: dict[Any, str | LazyString] = {one.name: one.label for one in self.emails}
        acts: dict[Any, str | LazyString] = {a.code: a.label for a in self.staff_actions}
        given = chain.from_iterable(f.codes.items() for f in self.features)
        return {"letter.kind": emails, "staff_action.action": acts, **dict(given)}

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every background job."""
        return tuple(chain.from_iterable(f.jobs for f in self.features))

    @cached_property
    def proofs(self) -> tuple[AnyProof, ...]:
        """Every proof on the live data, those of the retention rules first."""
        of_rules = (
            proof_of(rule, self._holds_of(rule.model.__table__, at_term=True))
            for rule in self.retention
        )
        return (*of_rules, *chain.from_iterable(f.proofs for f in self.features))

    @property
    def replays(self) -> dict[str, Replay]:
        """How each kind of decision is carried out again."""
        kinds = chain.from_iterable(f.replays.items() for f in self.features)
        return {kind.value: replay for kind, replay in kinds}

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every public page that has a fixed address."""
        return tuple(chain.from_iterable(f.pages for f in self.features))

    @property
    def clauses(self) -> dict[str, tuple[str, ...]]:
        """Clause number -> names of the features that carry it out."""
        features: dict[str, tuple[str, ...]] = {}
        for feature in self.features:
            for clause in feature.clauses:
                features[clause] = (*features.get(clause, ()), feature.name)
        return features

    def pages_in(self, place: Place) -> tuple[Page, ...]:
        """Return the pages that `place` of the layout shows, in their order."""
        pages = (page for page in self.pages if place in page.places)
        return tuple(sorted(pages, key=lambda page: not page.first))

    @property
    def staff_actions(self) -> tuple[StaffActionType, ...]:
        """Every type of staff action that the journal may hold."""
        return tuple(chain.from_iterable(f.staff_actions for f in self.features))

    def needs_data(self, person: int) -> list[str]:
        """Return the names of what still needs the data of a person (6.1.1)."""
        return [name for feature in self.features for name in feature.needs_data(person)]

    def staff_names(self) -> dict[int, str]:
        """Return the names of members of staff by their numbers."""
        return {
            number: name
            for feature in self.features
            for number, name in feature.staff_names().items()
        }

    @property
    def address_files(self) -> dict[str, AddressFiles]:
        """The numbered files of the sitemap, by the name of their feature."""
        files = ((f.name, f.address_files) for f in self.features)
        return {name: found for name, found in files if found is not None}

    def pages_for_sitemap(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the public addresses that no numbered file holds: (endpoint, values)."""
        for feature in self.features:
            yield from ((page.endpoint, {}) for page in feature.pages if page.listed)
            yield from feature.addresses()

    def addresses(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every public address of the site: (endpoint, values)."""
        yield from self.pages_for_sitemap()
        for files in self.address_files.values():
            for number in files.numbers():
                for endpoint, values, _changed_at in files.addresses(number):
                    yield endpoint, values

    def install(self, app: Flask) -> Self:
        """Register every blueprint, and this object for `registry()`."""
        app.extensions["neupusti.registry"] = self
        for feature in self.features:
            if feature.blueprint is not None:
                app.register_blueprint(feature.blueprint)
        return self


def registry() -> Registry:
    """Return the registry of the current app."""
    return cast("Registry", current_app.extensions["neupusti.registry"])


def _unique(kind: str, names: list[str]) -> None:
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ValueError(f"{kind} declared twice: {', '.join(duplicates)}")


def _check_cookies(cookies: tuple[Cookie, ...], former: tuple[Cookie, ...]) -> None:
    _unique("cookie", [cookie.name for cookie in cookies])
    scopes = {(cookie.name, cookie.domain, cookie.path) for cookie in cookies}
    for cookie in former:
        if (cookie.name, cookie.domain, cookie.path) in scopes:
            raise ValueError(f"cookie both declared and former: {cookie.name}")
    for cookie in cookies:
        lifetime, optional = cookie.lifetime, cookie.category is not Category.NECESSARY
        if optional and lifetime and lifetime > CONSENT_LIFETIME:
            raise ValueError(f"cookie outlives the consent to it: {cookie.name}")

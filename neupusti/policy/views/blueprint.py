"""The blueprint of the policy, and what its views share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, current_app
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from neupusti.config.values import ROOT
from neupusti.core.proofs import results
from neupusti.core.registry import registry
from neupusti.core.text import languages
from neupusti.core.web.errors import DomainError
from neupusti.policy.models import EditionSource
from neupusti.policy.service import binding, clauses, ledger
from neupusti.policy.service.edition_store import (
    EditionStore,
    EditionText,
    NotFoundError,
    Start,
    current_store,
)
from neupusti.policy.service.ledger import ClauseAccount

bp = Blueprint("policy", __name__, cli_group="policy")


class NoSuchEditionError(DomainError):
    """The address names an edition or a clause that does not exist."""

    status = 404


@dataclass(frozen=True, slots=True)
class ShownEdition:
    """A text to show, and its state relative to the other editions."""

    store: EditionStore
    text: EditionText
    in_force: date
    coming: Start | None

    @property
    def current(self) -> bool:
        """Whether this edition is the one in force."""
        return self.text.date == self.in_force and not self.store.shadowed(self.text)

    @property
    def ids(self) -> Mapping[str, str]:
        """The identities of its clauses: number -> identity."""
        return clauses.ids_of(self.store, self.text)

    @property
    def accounts(self) -> dict[str, ClauseAccount]:
        """What the ledger says of its clauses; those it does not know are left out."""
        accounts = clause_accounts()
        return {
            number: replace(accounts[bound.entry], likeness=bound.likeness)
            for number, bound in binding.bind(self.store, self.text.document).items()
        }

    @property
    def key(self) -> tuple[object, ...]:
        """The cache key of a page rendered from this, besides its own address."""
        text = self.text
        parts = (text.sha256, text.source, self.current, text.date, text.language)
        known = len(self.store.texts), len(self.store.assessments)
        proved = results.known().run
        return (*parts, *known, self.in_force, self.coming, proved)


def requested_edition(
    day: str | None = None, source: EditionSource | None = None
) -> ShownEdition:
    """Return the edition that an address names, in the language of the request.

    If `source` has no text of that day, return the text of the other source.
    """
    texts = current_store()
    try:
        in_force = texts.in_force()
    except NotFoundError:
        raise NoSuchEditionError(_("No edition of the policy is in force yet.")) from None
    wanted = in_force if day is None else parse_day(day)
    try:
        known = {text.source for text in texts.of_date(wanted)}
        wanted_source = source if source in known else None
        text = texts.text(wanted, languages.current(), wanted_source)
    except NotFoundError:
        raise NoSuchEditionError(
            _("There is no edition of the policy dated %(day)s.", day=day)
        ) from None
    return ShownEdition(texts, text, in_force, texts.coming())


def parse_day(day: str) -> date:
    """Return the date in an address; raise NoSuchEditionError if it is invalid."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        found = None
    # One spelling only, because cached pages are keyed by address.
    if found is not None and found.isoformat() == day:
        return found
    raise NoSuchEditionError(
        _("“%(day)s” is not a date. An edition is named like 2022-08-04.", day=day)
    )


def clause_accounts() -> dict[str, ClauseAccount]:
    """Return the ledger of the running site, by the number of the entry."""
    return ledger.clause_accounts(
        registry().clauses, ledger.proofs(ROOT / "tests"), _tool_paths()
    )


def _tool_paths() -> frozenset[str]:
    """Return the paths of the ledger's tools that exist on this site."""
    known = current_app.extensions.setdefault("neupusti.policy.paths", {})
    if not known:
        tools = {entry.tool for entry in ledger.entries().values() if entry.tool}
        known["open"] = frozenset(filter(has_page, tools))
    found: frozenset[str] = known["open"]
    return found


def has_page(path: str) -> bool:
    """Return whether this site has a page at `path`."""
    try:
        _endpoint, values = current_app.url_map.bind("localhost").match(path)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    # A match of a variable rule (`/policy/<day>/`) is no page of its own.
    return not values

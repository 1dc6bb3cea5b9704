"""The room's blueprint, and what its views share."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, current_app
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from neupusti.config.settings import ROOT
from neupusti.core.registry import registry
from neupusti.core.text import languages
from neupusti.core.web.errors import DomainError
from neupusti.policy.models import EditionSource
from neupusti.policy.service import ledger
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
    """The address names an edition or a clause that is not there."""

    status = 404


@dataclass(frozen=True, slots=True)
class ShownEdition:
    """What a page shows: a text, and where its edition stands among the others."""

    store: EditionStore
    text: EditionText
    in_force: date
    coming: Start | None

    @property
    def current(self) -> bool:
        """Whether this edition is the one in force."""
        return self.text.date == self.in_force and not self.store.aside(self.text)

    @property
    def key(self) -> tuple[object, ...]:
        """What a page drawn from this depends on, beside its own address."""
        text = self.text
        drawn = (text.sha256, text.source, self.current, text.date, text.language)
        return (*drawn, len(self.store.texts), self.in_force, self.coming)


def shown(day: str | None = None, source: EditionSource | None = None) -> ShownEdition:
    """Return the edition an address names, in the language of the request.

    Of a `source` that has no text of that day, the other one's is shown.
    """
    texts = current_store()
    try:
        in_force = texts.in_force()
    except NotFoundError:
        raise NoSuchEditionError(_("No edition of the policy is in force yet.")) from None
    wanted = in_force if day is None else parsed(day)
    try:
        known = {text.source for text in texts.all_of(wanted)}
        asked = source if source in known else None
        text = texts.text(wanted, languages.current(), asked)
    except NotFoundError:
        raise NoSuchEditionError(
            _("There is no edition of the policy dated %(day)s.", day=day)
        ) from None
    return ShownEdition(texts, text, in_force, texts.coming())


def parsed(day: str) -> date:
    """Return the date an address names; raise NoSuchEditionError if it is none."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        found = None
    # One spelling only: a page is kept for everybody with its address in it.
    if found is not None and found.isoformat() == day:
        return found
    raise NoSuchEditionError(
        _("«%(day)s» is not a date. An edition is named like 2022-08-04.", day=day)
    )


def account() -> dict[str, ClauseAccount]:
    """Return the ledger of the running site."""
    return ledger.account(registry().clauses, ledger.proofs(ROOT / "tests"), _open_paths())


def _open_paths() -> frozenset[str]:
    """Return the paths of the ledger's tools that this site answers."""
    known = current_app.extensions.setdefault("neupusti.policy.paths", {})
    if not known:
        tools = {entry.tool for entry in ledger.entries().values() if entry.tool}
        known["open"] = frozenset(filter(answers, tools))
    found: frozenset[str] = known["open"]
    return found


def answers(path: str) -> bool:
    """Tell whether this site has a page at `path`."""
    try:
        _endpoint, values = current_app.url_map.bind("localhost").match(path)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    # A word met by a pattern (`/policy/<day>/`) is no page of its own.
    return not values

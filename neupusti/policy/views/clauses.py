"""The pages of one clause: in one edition, and over all of them."""

from collections.abc import Iterator
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.core.text import languages
from neupusti.core.web import page_cache
from neupusti.policy.service import clauses
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.views.blueprint import NoSuchEditionError, bp, requested_edition
from neupusti.policy.views.markup import definition_or_text, inline
from neupusti.policy.views.tools import label


@bp.get("/policy/<day>/<number>")
def clause(day: str, number: str) -> Response:
    """Show one clause and its subclauses at their permanent address."""
    edition = requested_edition(day)
    document = edition.text.document
    found = document.clauses.get(number)
    if found is None:
        raise NoSuchEditionError(
            _("The edition of %(day)s has no clause %(number)s.", day=day, number=number)
        )
    numbers = list(document.clauses)
    place = numbers.index(number)
    below = [c for c in document if c.number.startswith(f"{number}.")]
    return page_cache.public(
        *("policy.clause", number, edition.key),
        render=lambda: render_template(
            "policy/clause.html",
            edition=edition,
            clause=found,
            below=below,
            before=numbers[place - 1] if place else None,
            after=numbers[place + 1] if place + 1 < len(numbers) else None,
            life=clauses.life(edition.store, edition.ids[number], languages.current()),
            ledger=edition.accounts,
            inline=inline,
            definition_or_text=definition_or_text,
            label=label,
        ),
    )


@bp.get("/policy/clauses/<identity>/")
def life(identity: str) -> Response:
    """Show what every edition did to a clause, whatever number it bore."""
    edition = requested_edition()
    found = clauses.life(edition.store, identity, languages.current())
    if found is None:
        raise NoSuchEditionError(_("No clause of the policy has this address."))
    document = edition.text.document
    numbers = {edition.ids[number]: number for number in document.clauses}
    row = list(numbers)
    place = row.index(identity) if identity in numbers else None
    return page_cache.public(
        *("policy.life", identity, edition.key),
        render=lambda: render_template(
            "policy/life.html",
            edition=edition,
            life=found,
            clause=document.clauses[numbers[identity]] if place is not None else None,
            numbers=numbers,
            before=row[place - 1] if place else None,
            after=row[place + 1] if place is not None and row[place + 1 :] else None,
            ledger=edition.accounts,
            inline=inline,
            definition_or_text=definition_or_text,
            label=label,
        ),
    )


def addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the addresses of every edition and of every clause, for the sitemap."""
    texts = current_store()
    yield from (("policy.dated", {"day": day.isoformat()}) for day in texts.dates)
    yield from (("policy.life", {"identity": one}) for one in clauses.shown_ids(texts))

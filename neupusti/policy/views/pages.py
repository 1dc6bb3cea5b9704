"""The policy pages: current, dated, single clause, history, comparison, ledger."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.core.text.languages import Language
from neupusti.core.web import page_cache
from neupusti.policy.models import EditionSource
from neupusti.policy.service import comparison
from neupusti.policy.service.comparison import ClauseChange
from neupusti.policy.service.document import order
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.views.blueprint import (
    NoSuchEditionError,
    ShownEdition,
    bp,
    clause_accounts,
    parse_day,
    requested_edition,
)
from neupusti.policy.views.machine import wanted_source
from neupusti.policy.views.markup import definition_or_text, inline
from neupusti.policy.views.tools import label


@bp.get("/policy/")
def show() -> Response:
    """Show the edition in force."""
    return _edition(requested_edition(), dated=False)


@bp.get("/policy/<day>/")
def dated(day: str) -> Response:
    """Show the edition of a date; `?source=` selects one of two documents of the date."""
    return _edition(requested_edition(day, wanted_source()), dated=True)


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
            other_editions=_other_editions(edition, number),
            ledger=clause_accounts(),
            inline=inline,
            definition_or_text=definition_or_text,
            label=label,
        ),
    )


@bp.get("/policy/history/")
def history() -> Response:
    """List every published edition, with a form to compare two."""
    texts = current_store()
    edition = requested_edition()
    return page_cache.public(
        *("policy.history", edition.key),
        render=lambda: render_template("policy/history.html", edition=edition, store=texts),
    )


@bp.get("/policy/compare/")
def choose() -> Response:
    """Redirect from the form of the history page to the address of the comparison."""
    older, newer = (parse_day(request.args.get(name, "")) for name in ("a", "b"))
    return redirect(url_for("policy.compare", a=older, b=newer), 303)


@bp.get("/policy/compare/<a>/<b>/")
def compare(a: str, b: str) -> Response:
    """Show what changed between two editions, the older one first.

    The same date twice compares the restatement with the operator's document.
    """
    first, second = (
        (EditionSource.RESTATEMENT, EditionSource.OPERATOR) if a == b else (None, None)
    )
    pair = requested_edition(a, first), requested_edition(b, second)
    older, newer = _same_language(sorted(pair, key=lambda one: one.text.date))
    return page_cache.public(
        *("policy.compare", a, b, older.key, newer.key),
        render=lambda: render_template(
            "policy/compare.html",
            older=older,
            newer=newer,
            changes=(
                changes := comparison.compare(older.text.document, newer.text.document)
            ),
            sections=_by_section(changes),
            word_changes=comparison.word_changes,
        ),
    )


@bp.get("/policy/ledger/")
def ledger() -> Response:
    """Show what this site does about every clause, and the tests that prove it."""
    edition = requested_edition()
    return page_cache.public(
        *("policy.ledger", edition.key),
        render=lambda: render_template(
            "policy/ledger.html",
            edition=edition,
            accounts=sorted(
                clause_accounts().values(), key=lambda a: order(a.entry.number)
            ),
            label=label,
        ),
    )


@bp.get("/privacy")
@bp.get("/privacy/")
def privacy() -> Response:
    """Redirect from the address people guess to the policy (9.3)."""
    return redirect(url_for("policy.show"), 301)


def _edition(edition: ShownEdition, *, dated: bool) -> Response:
    return page_cache.public(
        *("policy.edition", dated, edition.key),
        render=lambda: render_template(
            "policy/show.html",
            edition=edition,
            dated=dated,
            ledger=clause_accounts(),
            inline=inline,
            definition_or_text=definition_or_text,
            label=label,
        ),
    )


def _by_section(
    changes: list[ClauseChange],
) -> list[tuple[str, list[tuple[bool, list[ClauseChange]]]]]:
    """Return section number -> its changes, with consecutive unchanged ones grouped."""
    return [
        (
            section,
            [
                (same, list(run))
                for same, run in groupby(group, lambda change: change.status == "same")
            ],
        )
        for section, group in groupby(changes, lambda change: change.number.split(".")[0])
    ]


def _same_language(editions: list[ShownEdition]) -> list[ShownEdition]:
    """Return the editions in one language: Russian, if one lacks the reader's."""
    if len({edition.text.language for edition in editions}) == 1:
        return editions
    return [
        replace(one, text=one.store.text(one.text.date, Language.RU, one.text.source))
        for one in editions
    ]


def _other_editions(edition: ShownEdition, number: str) -> list[ShownEdition]:
    """Return the other editions that have this clause."""
    others = (requested_edition(day.isoformat()) for day in edition.store.dates)
    return [
        other
        for other in others
        if other.text.date != edition.text.date and number in other.text.document.clauses
    ]


def addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the address of every edition, for the sitemap."""
    yield from (("policy.dated", {"day": day.isoformat()}) for day in current_store().dates)

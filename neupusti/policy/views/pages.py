"""The policy for people: current, dated, clause by clause, history, comparison, ledger."""

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
    account,
    bp,
    parsed,
    shown,
)
from neupusti.policy.views.markup import inline, marked
from neupusti.policy.views.tools import label


@bp.get("/policy/")
def show() -> Response:
    """Show the edition in force."""
    return _edition(shown(), dated=False)


@bp.get("/policy/<day>/")
def dated(day: str) -> Response:
    """Show the edition of a date; `?source=` tells two documents of one date apart."""
    source = request.args.get("source")
    asked = EditionSource(source) if source in set(EditionSource) else None
    return _edition(shown(day, asked), dated=True)


@bp.get("/policy/<day>/<number>")
def clause(day: str, number: str) -> Response:
    """Show one clause, with what stands below it, under its permanent address."""
    edition = shown(day)
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
            elsewhere=_elsewhere(edition, number),
            ledger=account(),
            inline=inline,
            marked=marked,
            label=label,
        ),
    )


@bp.get("/policy/history/")
def history() -> Response:
    """List every published edition, and offer to compare two."""
    texts = current_store()
    edition = shown()
    return page_cache.public(
        *("policy.history", edition.key),
        render=lambda: render_template("policy/history.html", edition=edition, store=texts),
    )


@bp.get("/policy/compare/")
def choose() -> Response:
    """Lead from the form of the history page to the comparison's own address."""
    older, newer = (parsed(request.args.get(name, "")) for name in ("a", "b"))
    return redirect(url_for("policy.compare", a=older, b=newer), 303)


@bp.get("/policy/compare/<a>/<b>/")
def compare(a: str, b: str) -> Response:
    """Show what changed between two editions, the older one first.

    A date beside itself is the site's restatement beside the operator's document.
    """
    first, second = (
        (EditionSource.RESTATEMENT, EditionSource.OPERATOR) if a == b else (None, None)
    )
    pair = shown(a, first), shown(b, second)
    older, newer = _alike(sorted(pair, key=lambda one: one.text.date))
    return page_cache.public(
        *("policy.compare", a, b, older.key, newer.key),
        render=lambda: render_template(
            "policy/compare.html",
            older=older,
            newer=newer,
            changes=(
                changes := comparison.compare(older.text.document, newer.text.document)
            ),
            chapters=_chapters(changes),
            words=comparison.words,
        ),
    )


@bp.get("/policy/ledger/")
def ledger() -> Response:
    """Show, for every clause, what this site does about it and what proves it."""
    edition = shown()
    return page_cache.public(
        *("policy.ledger", edition.key),
        render=lambda: render_template(
            "policy/ledger.html",
            edition=edition,
            accounts=sorted(account().values(), key=lambda a: order(a.entry.number)),
            label=label,
        ),
    )


@bp.get("/privacy")
@bp.get("/privacy/")
def privacy() -> Response:
    """Lead from the address people guess to the policy (9.3)."""
    return redirect(url_for("policy.show"), 301)


def _edition(edition: ShownEdition, *, dated: bool) -> Response:
    return page_cache.public(
        *("policy.edition", dated, edition.key),
        render=lambda: render_template(
            "policy/show.html",
            edition=edition,
            dated=dated,
            ledger=account(),
            inline=inline,
            marked=marked,
            label=label,
        ),
    )


def _chapters(
    changes: list[ClauseChange],
) -> list[tuple[str, list[tuple[bool, list[ClauseChange]]]]]:
    """Return section number -> its changes, unchanged neighbours put together."""
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


def _alike(editions: list[ShownEdition]) -> list[ShownEdition]:
    """Return the editions in one language: where one lacks the reader's, all in Russian."""
    if len({edition.text.language for edition in editions}) == 1:
        return editions
    return [
        replace(one, text=one.store.text(one.text.date, Language.RU, one.text.source))
        for one in editions
    ]


def _elsewhere(edition: ShownEdition, number: str) -> list[ShownEdition]:
    """Return the other editions that have this clause."""
    others = (shown(day.isoformat()) for day in edition.store.dates)
    return [
        other
        for other in others
        if other.text.date != edition.text.date and number in other.text.document.clauses
    ]


def addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the address of every edition, for the sitemap."""
    yield from (("policy.dated", {"day": day.isoformat()}) for day in current_store().dates)

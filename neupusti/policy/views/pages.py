"""The policy pages: current, dated, history, comparison, ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.core.text.languages import Language
from neupusti.core.web import page_cache
from neupusti.policy.models import EditionSource
from neupusti.policy.service import clauses, comparison
from neupusti.policy.service.comparison import ClauseChange
from neupusti.policy.service.differences import word_changes
from neupusti.policy.service.edition_store import current_store
from neupusti.policy.views.blueprint import (
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
    days = sorted(parse_day(request.args.get(name, "")) for name in ("a", "b"))
    return redirect(url_for("policy.compare", a=days[0], b=days[1]), 303)


@bp.get("/policy/compare/<a>/<b>/")
def compare(a: str, b: str) -> Response:
    """Show what changed between two editions; redirect unless the older one comes first.

    The same date twice compares the restatement with the operator's document.
    """
    first, second = (
        (EditionSource.RESTATEMENT, EditionSource.OPERATOR) if a == b else (None, None)
    )
    pair = requested_edition(a, first), requested_edition(b, second)
    if a > b:  # one spelling of a date sorts as the date
        return redirect(url_for("policy.compare", a=b, b=a), 301)
    older, newer = _same_language(pair)
    return page_cache.public(
        *("policy.compare", older.key, newer.key),
        render=lambda: _comparison(older, newer),
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
            ledger=(accounts := edition.accounts),
            others=[
                account
                for number, account in clause_accounts().items()
                if number not in {known.entry.number for known in accounts.values()}
            ],
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
            ledger=edition.accounts,
            inline=inline,
            definition_or_text=definition_or_text,
            label=label,
        ),
    )


def _comparison(older: ShownEdition, newer: ShownEdition) -> str:
    old, new = older.text.document, newer.text.document
    same = clauses.pairs(older.store, older.text, newer.text)
    sections = comparison.sections(old, new, same)
    return render_template(
        "policy/compare.html",
        older=older,
        newer=newer,
        title=word_changes(old.title, new.title),
        sections=sections,
        changes=[change for part in sections for change in part.clauses],
        grouped=_grouped,
    )


def _grouped(changes: Iterable[ClauseChange]) -> list[tuple[bool, list[ClauseChange]]]:
    """Return the changes in groups: whether they are to be looked at, and which.

    Clauses of which only the number has changed make groups of their own.
    """
    groups = groupby(changes, lambda change: (change.touched, bool(change.was)))
    return [(touched, list(group)) for (touched, _renumbered), group in groups]


def _same_language(editions: Sequence[ShownEdition]) -> Sequence[ShownEdition]:
    """Return the editions in one language: Russian, if one lacks the reader's."""
    if len({edition.text.language for edition in editions}) == 1:
        return editions
    return [
        replace(one, text=one.store.text(one.text.date, Language.RU, one.text.source))
        for one in editions
    ]

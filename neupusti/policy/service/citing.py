"""Cite clauses by their entry of the ledger; the number is that of the edition in force.

The code, the manifests and stored rows name a clause by its entry, which is the number
that the shipped editions give it. An operator's edition may number it otherwise or lack it.
"""

from collections.abc import Hashable, Mapping
from functools import lru_cache

from flask_babel import LazyString
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core.text import languages
from neupusti.policy.service.binding import bind
from neupusti.policy.service.edition_store import (
    EditionStore,
    EditionText,
    NotFoundError,
    current_store,
)


def number_in_force(entry: str) -> str | None:
    """Return the clause that `entry` speaks of, in the language of the request.

    None if the edition in force has no such clause. An error page cites too, so an
    unreachable database counts as no edition.
    """
    shown = _shown()
    return _numbers(*shown).get(entry) if shown else None


def cited(text: LazyString, entry: str) -> LazyString:
    """Return `text` with the number of the clause after it, if there is one."""

    def whole() -> str:
        number = number_in_force(entry)
        return f"{text} ({number})" if number else str(text)

    return LazyString(whole)


def citations() -> Hashable:
    """Return what the numbers on a page depend on, for the key of its cached copy."""
    shown = _shown()
    return shown and (shown[1].sha256, len(shown[0].texts), len(shown[0].assessments))


def _shown() -> tuple[EditionStore, EditionText] | None:
    """Return the edition in force, in the language of the request."""
    try:
        store = current_store()
        return store, store.text(store.in_force(), languages.current())
    except (NotFoundError, SQLAlchemyError):
        return None


@lru_cache(maxsize=16)
def _numbers(store: EditionStore, text: EditionText) -> Mapping[str, str]:
    """Return entry -> clause; of several, the first of those most alike its wording."""
    bound = bind(store, text.document)
    found: dict[str, str] = {}
    for number in sorted(bound, key=lambda number: -bound[number].likeness):
        found.setdefault(bound[number].entry, number)
    return found

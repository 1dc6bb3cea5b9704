"""How long the rows of a table are kept, for their person (5.1)."""

from collections.abc import Iterator

from flask_babel import LazyString, gettext, ngettext
from sqlalchemy import Table

from neupusti.core.keeping import Holding, IndefiniteRetention, Retention
from neupusti.core.registry import registry


def rules(table: Table) -> Iterator[Retention | IndefiniteRetention]:
    """Yield the rules of a table, as the manifests declare them."""
    yield from (one for one in registry().retention if one.model.__table__ is table)
    for kept in registry().indefinite:
        if table in {model.__table__ for model in kept.models}:
            yield kept


def sentence(rule: Retention | IndefiniteRetention) -> str:
    """Return how long a rule keeps rows, as the page of terms says it."""
    if isinstance(rule, IndefiniteRetention):
        return str(rule.until)
    if not rule.term:
        return str(gettext("only until it ends"))
    term = ngettext("%(num)s day", "%(num)s days", rule.term)
    return str(gettext("%(term)s %(start)s", term=term, start=rule.start_label))


def sentences(table: Table) -> list[str]:
    """Return how long rows of a table are kept; of several rules also what each is for."""
    found = list(rules(table))
    if len(found) == 1:
        return [sentence(found[0])]
    return [f"{rule.label}: {sentence(rule)}" for rule in found]


def name(holding: Holding) -> LazyString | str:
    """Return what the rows of a holding are called for their person."""
    table = holding.model.__table__
    if holding.label is not None:
        return holding.label
    return next((rule.label for rule in rules(table)), str(table.name))

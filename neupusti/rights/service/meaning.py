"""What the tables and columns of an export mean, for machines."""

from typing import Any

from neupusti.core.data.classification import Classification, classification
from neupusti.core.keeping import Holding, Retention
from neupusti.core.registry import registry
from neupusti.rights.service import recipients, terms

DPV = {
    "3.2.1": "dpv-pd:Name",
    "3.2.2": "dpv-pd:TelephoneNumber",
    "3.2.3": "dpv-pd:EmailAddress",
    "3.2.5": "dpv-pd:PhysicalAddress",
    "3.2.6": "dpv-pd:Picture",
    "3.4": "dpv-pd:Communication",
}
"""Clause -> the nearest term of the Data Privacy Vocabulary, where there is one."""


def schema(handed: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return every table of the export with its columns; `handed` received some."""
    return [_table(holding, handed) for holding in registry().holdings]


def periods() -> list[dict[str, Any]]:
    """Return how long the rows of each table are kept."""
    return [
        {
            "table": holding.model.__table__.name,
            "rule": str(rule.label),
            "clause": rule.clause,
            "days": rule.term if isinstance(rule, Retention) else None,
            "kept": terms.sentence(rule),
        }
        for holding in registry().holdings
        for rule in terms.rules(holding.model.__table__)
    ]


def _table(holding: Holding, handed: tuple[str, ...]) -> dict[str, Any]:
    table = holding.model.__table__
    return {
        "table": table.name,
        "name": str(terms.name(holding)),
        "kept": terms.sentences(table),
        "recipients": [*handed] if table.name in recipients.HANDED_OVER else [],
        "columns": [
            {"column": c.name, "type": str(c.type), **_meaning(classification(c))}
            for c in table.columns
        ],
    }


def _meaning(mark: Classification | None) -> dict[str, Any]:
    if mark is None or not mark.about_people:
        return {}
    return {
        "clause": mark.clause,
        "purposes": list(mark.purposes),
        "dpv": DPV.get(mark.clause or ""),
        "secret": mark.secret,
        "derived": mark.derived,
        "number_of": "person" if mark.subject else "actor" if mark.actor else None,
    }

"""What columns and values are called for their person."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Column

from neupusti.core.registry import registry
from neupusti.core.text import dates, languages
from neupusti.core.text.languages import Language
from neupusti.orders.service import addresses
from neupusti.rights.service.reading import StaffNumber

LABELS: Mapping[str, LazyString] = {
    "about": _("Text"),
    "action": _("Action"),
    "agent": _("Paper that was shown"),
    "amount": _("Sum"),
    "answer": _("Answer"),
    "article": _("Article"),
    "asked_at": _("When"),
    "at": _("When"),
    "author": _("Written by"),
    "body": _("Text"),
    "changed_at": _("Changed"),
    "channel": _("How it came"),
    "city": _("city, town or village"),
    "comment": _("note for the delivery"),
    "confirmed_at": _("Confirmed"),
    "created_at": _("When"),
    "decision": _("Decision"),
    "delivery": _("Delivery"),
    "device": _("Device"),
    "document": _("Document"),
    "diagnostics": _("Technical details"),
    "edition": _("Edition of the policy"),
    "email": _("E-mail"),
    "ended_at": _("Ended"),
    "erasure_file.path": _("File"),
    "family_name": _("Family name"),
    "field": _("What"),
    "flat": _("flat or office"),
    "form": _("Form"),
    "given_name": _("Given name"),
    "goods": _("Goods"),
    "headers": _("Headers of the e-mail"),
    "house": _("house"),
    "html": _("Text with formatting"),
    "kind": _("Kind"),
    "language": _("Language"),
    "last_at": _("Last used"),
    "law": _("Law"),
    "letter.recipient": _("E-mail"),
    "lifted_at": _("Ended"),
    "lifted_reason": _("Why it ended"),
    "name": _("Name"),
    "network": _("Network, under an irreversible code"),
    "new": _("New e-mail"),
    "number": _("Number"),
    "old": _("Former e-mail"),
    "operation": _("Action"),
    "order_number": _("number of the order"),
    "outcome": _("Outcome"),
    "patronymic": _("Patronymic"),
    "payment": _("Payment"),
    "permission": _("Permission"),
    "phone": _("Phone"),
    "photo.name": _("Photo"),
    "placed_at": _("When"),
    "postcode": _("postcode"),
    "proposed": _("What is right?"),
    "purpose": _("Purpose"),
    "quantity": _("Quantity"),
    "reason": _("Reason"),
    "review": _("To be looked at again by"),
    "region": _("region"),
    "seen_at": _("Last used"),
    "staff": _("Staff"),
    "state": _("State"),
    "step": _("Action"),
    "street": _("street"),
    "subject": _("Subject"),
    "text": _("Text"),
    "topic": _("Topic"),
    "total": _("Total"),
    "unit_price": _("Price"),
    "used_at": _("Last used"),
    "used_for": _("What is asked"),
    "what": _("What"),
    "words": _("Text"),
}
"""By column, or by table and column; a column without a label is only in the export."""
ONLY_FOR_PROGRAMS = frozenset({"letter.html", "letter.headers"})
"""What no page shows: the text of the e-mail says the same."""
LANGUAGES = {one.value: one.own_name for one in Language}
ANOTHERS = "…"


def label(column: Column[Any]) -> LazyString | None:
    """Return what `column` is called, or None."""
    return LABELS.get(str(column)) or LABELS.get(column.name)


def reader(column: Column[Any]) -> Callable[[Any], str]:
    """Return what gives a value of `column` as its person reads it.

    It is made for the language in force: an archive has a million values.
    """
    called = _called(column)

    def text(value: Any) -> str:
        if isinstance(value, str):
            return called.get(value, value)
        if isinstance(value, StaffNumber):
            return str(gettext("member of staff no. %(number)s", number=value.number))
        if isinstance(value, datetime):
            return dates.short(value)
        if isinstance(value, bool):
            return str(gettext("yes") if value else gettext("no"))
        if isinstance(value, date):
            return value.isoformat()
        return "" if value is None else str(value)

    return text


def _called(column: Column[Any]) -> Mapping[str, str]:
    """Return what each code is called; other text, and codes of the past, stay."""
    if column.name == "language":
        return LANGUAGES
    if column.name == "region":
        return dict(addresses.regions(languages.current()))
    return {code: str(name) for code, name in registry().codes.get(str(column), {}).items()}

"""Waybills: what goes on paper and into the table of a carrier, of `Disclosed` alone."""

from collections.abc import Mapping, Sequence

import segno

from neupusti.core.text import countries, csv, languages, money, phones
from neupusti.delivery.models import Field
from neupusti.delivery.service import fields
from neupusti.delivery.service.reading import Disclosed
from neupusti.orders.service import addresses

PHONES = frozenset({Field.PHONE, Field.PHONE_END})
NAME_PARTS = (
    *(Field.FAMILY_NAME, Field.GIVEN_NAME),
    *(Field.PATRONYMIC, Field.FAMILY_INITIAL),
)
STREET_PARTS = (Field.STREET, Field.HOUSE, Field.FLAT)


def table(rows: Sequence[Disclosed]) -> str:
    """Return the waybills as CSV: a row a parcel, phones as digits, the rest plain text."""
    columns = fields.in_order({field for row in rows for field in row.values})
    headings = [fields.LABELS[field] for field in columns]
    lines = [[_cell(row, field) for field in columns] for row in rows]
    return csv.csv_text(headings, lines)


def shown(row: Disclosed) -> Mapping[Field, str]:
    """Return the values of a parcel as people read them, in the language of the request."""
    language = languages.current()
    text = dict(row.values)
    if Field.PHONE in text:
        text[Field.PHONE] = phones.shown(text[Field.PHONE])
    if Field.REGION in text:
        text[Field.REGION] = addresses.region_name(text[Field.REGION], language)
    if Field.COLLECT in text:
        text[Field.COLLECT] = money.tenge(int(text[Field.COLLECT]))
    return text


def envelope(row: Disclosed) -> list[str]:
    """Return an address as the post reads it: from the name to the postcode."""
    text = shown(row)
    language = languages.current()
    city, region = text.get(Field.CITY, ""), text.get(Field.REGION, "")
    if city.casefold() in region.casefold():
        region = ""
    home = countries.names(language)[countries.HOME] if city else ""
    lines = (
        " ".join(text[one] for one in NAME_PARTS if one in text),
        ", ".join(text[one] for one in STREET_PARTS if one in text),
        ", ".join(filter(None, (city, region))),
        ", ".join(filter(None, (home, text.get(Field.POSTCODE, "")))),
    )
    return [line for line in lines if line]


def qr(row: Disclosed) -> tuple[int, str]:
    """Return the code on the box as (modules a side, path of an SVG).

    It holds the number of the order alone: whoever sees the box can read it.
    """
    code = segno.make(row[Field.NUMBER], micro=False, error="m")
    border = 4
    path = "".join(
        f"M{x + border} {y + border}h1v1h-1z"
        for y, line in enumerate(code.matrix)
        for x, dark in enumerate(line)
        if dark
    )
    return len(code.matrix) + 2 * border, path


def _cell(row: Disclosed, field: Field) -> str:
    text = row.values.get(field, "")
    if field is Field.PHONE and text:
        return phones.dialled(text)
    if field is Field.REGION and text:
        return addresses.region_name(text, languages.current())
    return text

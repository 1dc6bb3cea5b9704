"""Addresses of delivery in Kazakhstan: regions by any usual spelling, and postcodes."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from neupusti.core.text import collation
from neupusti.core.text.languages import Language

REGIONS = Path(__file__).parents[1] / "regions.toml"
LONGEST = 120
POSTCODE = re.compile(r"[0-9]{6}|[A-Z][0-9]{2}[A-Z0-9][0-9][A-Z0-9][0-9]")
"""The old kind: region, district, place by two digits; the new one: region, two digits of
the district, four signs of the building."""
SEPARATORS = re.compile(r"[\s\u00a0‐‑–-]+")
CYRILLIC = str.maketrans("АВЕЗКМНОРСТУХІ", "ABE3KMHOPCTYXI")
PLAIN = str.maketrans("ёәғқңөұүһі", "еагкноуухи")
"""Kazakh letters that a keyboard may lack, and ё."""
PROVINCE = frozenset({"область", "обл", "облысы", "region", "oblast", "oblysy"})
CITY = frozenset({"город", "г", "каласы", "к", "city", "qalasy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of delivery, its parts as they are stored; missing ones are empty."""

    region: str
    """ISO 3166-2: `KZ-75`."""
    city: str
    street: str
    house: str
    flat: str
    postcode: str


class PostcodeError(ValueError):
    """The text is neither kind of postcode."""


class RegionError(ValueError):
    """The text names no region of Kazakhstan."""


def regions(language: Language) -> list[tuple[str, str]]:
    """Return (code, name) of the 20 regions: the three cities first, then by name."""
    rows = [(code, region_name(code, language)) for code in _regions()]
    return sorted(
        rows,
        key=lambda row: (not _regions()[row[0]].get("city"), collation.stored(row[1])),
    )


def region_name(code: str, language: Language) -> str:
    """Return the name of a region by its ISO 3166-2 code."""
    return str(_regions()[code][language.value])


def region(text: str) -> str:
    """Return the code of a region by its code or any accepted spelling; RegionError."""
    if len(text) > LONGEST:
        raise RegionError
    code = text.strip().upper()
    if code in _regions():
        return code
    kind, stem = _folded(text)
    for wanted in (kind,) if kind else ("city", "province"):
        if found := _spellings().get((wanted, stem)):
            return found
    raise RegionError


def postcode(text: str) -> str:
    """Return a postcode as it is stored; raise PostcodeError.

    Both kinds: six digits (050000), and seven signs (A15E3B7), in Cyrillic look-alikes
    too. Spaces and hyphens are dropped.
    """
    if len(text) > LONGEST:
        raise PostcodeError
    signs = SEPARATORS.sub("", text).upper().translate(CYRILLIC)
    if not POSTCODE.fullmatch(signs):
        raise PostcodeError
    return signs


@cache
def _regions() -> Mapping[str, Mapping[str, Any]]:
    with REGIONS.open("rb") as file:
        return tomllib.load(file)


@cache
def _spellings() -> Mapping[tuple[str, str], str]:
    found = {}
    for code, row in _regions().items():
        kind = "city" if row.get("city") else "province"
        for text in (*(row[language] for language in Language), *row.get("also", ())):
            found[kind, _folded(text)[1]] = code
    return found


def _folded(text: str) -> tuple[str, str]:
    """Return whether the text says city or province, or neither, and the other words."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(PLAIN)
    words = re.findall(r"\w+", plain)
    kind = (
        "province"
        if PROVINCE.intersection(words)
        else "city"
        if CITY.intersection(words)
        else ""
    )
    return kind, " ".join(word for word in words if word not in PROVINCE | CITY)

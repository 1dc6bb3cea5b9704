"""The countries of ISO 3166-1, in the three languages."""

import re
from functools import cache

from babel import Locale

from neupusti.core.text import collation
from neupusti.core.text.languages import Language

HOME = "KZ"
NOT_COUNTRIES = frozenset(
    (
        "AC",
        "CP",
        "CQ",
        "DG",
        "EA",
        "EU",
        "EZ",
        "IC",
        "QO",
        "TA",
        "UN",
        "XA",
        "XB",
        "XK",
        "ZZ",
    )
)
"""Codes of two letters that CLDR adds to those of ISO."""


@cache
def names(language: Language) -> dict[str, str]:
    """Return code -> name, Kazakhstan first, the others in the order of the alphabet."""
    found = {
        code: str(name)
        for code, name in Locale.parse(language.locale).territories.items()
        if re.fullmatch("[A-Z]{2}", code) and code not in NOT_COUNTRIES
    }
    ordered = sorted(
        found, key=lambda code: (code != HOME, collation.sort_key(found[code]))
    )
    return {code: found[code] for code in ordered}

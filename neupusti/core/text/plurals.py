"""Plural forms where gettext cannot be used: fractions, and texts that are data."""

from collections.abc import Mapping

from babel import Locale

from neupusti.core.text.languages import Language


def choose(number: float, forms: Mapping[str, str], language: Language) -> str:
    """Return the form of `forms` (CLDR: one, few, many, other) that `number` takes.

    Russian needs four: 1 товар, 3 товара, 5 товаров, 1,5 товара (`other`); a Kazakh noun
    never changes after a numeral, so `other` alone is enough there.
    """
    rule = Locale.parse(language.locale).plural_form(number)
    return forms.get(rule, forms["other"])

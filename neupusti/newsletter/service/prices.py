"""Prices of advertising: in tenge alone (Law on advertising, article 6(4-1))."""

import re

MONEY = r"""(?:
    [$€£¥₽₴₺₩]|usd|eur|rub|gbp|cny|у\.\s?е\.?
    |долл\.|доллар\w*|евро|еуро|руб\.?|рубл(?:ь|я|ей|и|ям)|юан(?:ь|я|ей)
    |dollars?|euros?|roubles?|rubles?|yuan
)"""
FOREIGN = re.compile(
    rf"\d[\d\s.,]*{MONEY}(?!\w)|(?<!\w){MONEY}\s?\d", re.IGNORECASE | re.VERBOSE
)
"""A number with the money of another country behind or before it."""


def are_foreign(text: str) -> bool:
    """Return whether `text` names a price in money other than tenge."""
    return FOREIGN.search(text) is not None

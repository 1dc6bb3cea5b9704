"""Which characters a line of text may hold, and the one form in which it is kept."""

import unicodedata

JOINERS = frozenset("\u200c\u200d")
"""Invisible, and yet part of the spelling of Persian and Indian names."""
REPLACEMENT = "\ufffd"
"""What stands in the place of bytes that were no text."""
BREAKS = frozenset("\r\n\t")


def composed(text: str) -> str:
    """Return `text` in NFC: the same word typed on two systems is the same text."""
    return unicodedata.normalize("NFC", text)


def hidden(text: str, *, lines: bool = False) -> bool:
    """Tell whether `text` holds what nobody sees: controls, bidi marks, lost bytes.

    With `lines` the ends of lines and tabs are text.
    """
    return any(_hides(c) for c in text if not (lines and c in BREAKS))


def _hides(character: str) -> bool:
    if character == REPLACEMENT:
        return True
    if character in JOINERS:
        return False
    # Cc controls, Cf formats (bidi among them), Cs halves, Co and Cn nobody's, Zl Zp breaks
    category = unicodedata.category(character)
    return category.startswith("C") or category in {"Zl", "Zp"}

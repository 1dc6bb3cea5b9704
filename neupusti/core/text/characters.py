"""Which characters a line of text may hold, and the form in which it is stored."""

import unicodedata

JOINERS = frozenset("\u200c\u200d")
"""Invisible, but part of the spelling of Persian and Indian names."""
REPLACEMENT = "\ufffd"
"""Replaces bytes that could not be decoded."""
BREAKS = frozenset("\r\n\t")
PILE = 100
"""Marks on one letter that are put into no order: Unicode knows none with more than 30."""
PICTURES = range(0x1F000, 0x1FB00)
"""Where emoji stand, and where each new version of Unicode puts more of them: telephones
have them before this table of categories knows them."""


def composed(text: str) -> str:
    """Return `text` in NFC: the same word typed on two systems is the same text.

    What piles up more marks on a letter than any script stays as it is: to put them in
    order takes the square of their number, and all of the machine for seconds.
    """
    return text if _is_piled_up(text) else unicodedata.normalize("NFC", text)


def hidden(text: str, *, lines: bool = False) -> bool:
    """Return whether `text` holds invisible characters: controls, bidi marks, lost bytes.

    With `lines`, line ends and tabs are allowed.
    """
    return any(_is_hidden(c) for c in text if not (lines and c in BREAKS))


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with a sign in place of what `hidden` finds, to be shown again."""
    return "".join(REPLACEMENT if hidden(c, lines=lines) else c for c in text)


def _is_piled_up(text: str) -> bool:
    if len(text) < PILE:
        return False
    return "m" * PILE in "".join("m" if unicodedata.combining(c) else " " for c in text)


def _is_hidden(character: str) -> bool:
    if character == REPLACEMENT:
        return True
    if character in JOINERS or ord(character) in PICTURES:
        return False
    # Cc control, Cf format (bidi too), Cs surrogate, Co and Cn unassigned, Zl Zp separators
    category = unicodedata.category(character)
    return category.startswith("C") or category in {"Zl", "Zp"}

"""Names of people, in any script (3.2.1)."""

import unicodedata

from neupusti.core.text.characters import JOINERS, composed, hidden

MAX_LENGTH = 100
MAX_MARKS = 6
"""Combining marks that one letter may carry: no living script needs more."""
PUNCTUATION = frozenset(" -‐‑–'’‘ʼʻ`´·.,")
AFTER_DOT = frozenset(" -,.")


class PersonNameError(ValueError):
    """The text is not a name; the message is one of the codes below."""


HIDDEN, LONG, DIGITS, SIGN, EMPTY = "hidden", "long", "digits", "sign", "empty"


def parse(text: str) -> str:
    """Return the name as it is stored: NFC, without surrounding spaces.

    Letters and marks of every script are accepted, upper case stays as typed. A dot must
    end a word (`А. Б.`): email programs turn `evil.example` into a link. Raise
    PersonNameError.
    """
    name = composed(text).strip(" \u00a0").replace("\u00a0", " ")
    if hidden(name):
        raise PersonNameError(HIDDEN)
    if len(name) > MAX_LENGTH:
        raise PersonNameError(LONG)
    categories = [unicodedata.category(character) for character in name]
    if not any(category.startswith("L") for category in categories):
        raise PersonNameError(DIGITS if "Nd" in categories else EMPTY)
    if "Nd" in categories:
        raise PersonNameError(DIGITS)
    if not _is_spelled(name, categories):
        raise PersonNameError(SIGN)
    return name


def _is_spelled(name: str, categories: list[str]) -> bool:
    marks = 0
    for index, (character, category) in enumerate(zip(name, categories, strict=True)):
        marks = marks + 1 if category.startswith("M") else 0
        if marks > MAX_MARKS:
            return False
        if not (category[0] in "LM" or character in PUNCTUATION or character in JOINERS):
            return False
        if character == "." and name[index + 1 : index + 2] not in {"", *AFTER_DOT}:
            return False
    return True

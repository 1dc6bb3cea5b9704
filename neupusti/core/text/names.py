"""Names of people, in any script (3.2.1)."""

import unicodedata

from neupusti.core.text.characters import JOINERS, composed, hidden

LONGEST = 100
MARKS = 6
"""How many marks one letter may carry: no living script needs more."""
SIGNS = frozenset(" -‐‑–'’‘ʼʻ`´·.,")
AFTER_DOT = frozenset(" -,.")


class PersonNameError(ValueError):
    """The text is no name; the message is one of the words below."""


HIDDEN, LONG, DIGITS, SIGN, EMPTY = "hidden", "long", "digits", "sign", "empty"


def parse(text: str) -> str:
    """Return the name as it is kept: NFC, without the spaces around it; raise NameFault.

    Letters and marks of every script pass, capitals stay as they were typed. A dot ends a
    word (`А. Б.`): `evil.example` is an address, and mails would turn it into a link.
    """
    name = composed(text).strip(" \u00a0").replace("\u00a0", " ")
    if hidden(name):
        raise PersonNameError(HIDDEN)
    if len(name) > LONGEST:
        raise PersonNameError(LONG)
    kinds = [unicodedata.category(character) for character in name]
    if not any(kind.startswith("L") for kind in kinds):
        raise PersonNameError(DIGITS if "Nd" in kinds else EMPTY)
    if "Nd" in kinds:
        raise PersonNameError(DIGITS)
    if not _spelled(name, kinds):
        raise PersonNameError(SIGN)
    return name


def _spelled(name: str, kinds: list[str]) -> bool:
    marks = 0
    for place, (character, kind) in enumerate(zip(name, kinds, strict=True)):
        marks = marks + 1 if kind.startswith("M") else 0
        if marks > MARKS:
            return False
        if not (kind[0] in "LM" or character in SIGNS or character in JOINERS):
            return False
        if character == "." and name[place + 1 : place + 2] not in {"", *AFTER_DOT}:
            return False
    return True

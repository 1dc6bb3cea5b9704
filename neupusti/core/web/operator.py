"""The operator of the site, as shown in the footer and in consent texts (preamble)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from neupusti.core.text import emails
from neupusti.core.text.languages import Language

_FIRST = range(1, 12)
_SECOND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


def valid_bin(number: str) -> bool:
    """Return whether `number` is a BIN: twelve digits with a valid check digit.

    The digit is the sum of the first eleven by weights 1..11, modulo 11; where that
    gives 10, the sum by weights 3..11, 1, 2; a number that gives 10 twice is not issued.
    """
    if not re.fullmatch(r"[0-9]{12}", number):
        return False
    digits = [int(digit) for digit in number]
    for weights in (_FIRST, _SECOND):
        check = sum(d * w for d, w in zip(digits, weights, strict=False)) % 11
        if check < 10:  # noqa: PLR2004 - a check digit is one digit
            return check == digits[11]
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """The operator as the policy names it; unknown fields are empty."""

    name: str
    bin: str
    address: str
    names: Mapping[Language, str] = field(default_factory=dict)
    """Its name in other languages; one that is missing or empty is `name`."""
    addresses: Mapping[Language, str] = field(default_factory=dict)
    email: str
    phone: str
    responsible: str

    def in_language(self, language: Language) -> "Operator":
        """Return the operator as a page in `language` names it."""
        return replace(
            self,
            name=self.names.get(language) or self.name,
            address=self.addresses.get(language) or self.address,
        )

    @property
    def mailto(self) -> str:
        """The email address for a link, its domain in ASCII."""
        return emails.parse(self.email) if self.email else ""

    def missing(self) -> list[str]:
        """Return what production requires and is missing (preamble, F9)."""
        needed = {
            "a valid BIN": valid_bin(self.bin),
            "a contact e-mail": "@" in self.email,
            "a responsible person": bool(self.responsible.strip()),
        }
        return [what for what, present in needed.items() if not present]

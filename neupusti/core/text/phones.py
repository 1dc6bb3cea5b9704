"""Phone numbers: every usual way to write one of ours, and any foreign one (3.2.2)."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from neupusti.core.text.characters import composed

HOME = "KZ"
SHARED = 7
"""The code of Kazakhstan and of Russia; ours are the numbers that begin with 6 and 7."""
LONGEST = 40
WRITTEN = re.compile(r"\+?[\d\s().\u00a0‐‑–-]+")


class PhoneError(ValueError):
    """The text is no phone number that can be called."""


def parse(text: str) -> str:
    """Return the number in E.164; raise PhoneFault.

    Without a country code it is one of Kazakhstan. There a number of the right length is
    enough: the tables of ranges lag behind the landlines. A foreign one must be valid.
    """
    written = composed(text).strip()
    if len(written) > LONGEST or not WRITTEN.fullmatch(written):
        raise PhoneError
    try:
        number = phonenumbers.parse(written, HOME)
    except NumberParseException:
        raise PhoneError from None
    if not _callable(number):
        raise PhoneError
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def shown(number: str) -> str:
    """Return an E.164 number as people read it: `+7 701 123 45 67`, never broken."""
    if re.fullmatch(r"\+7\d{10}", number):
        parts = (number[:2], number[2:5], number[5:8], number[8:10], number[10:])
        return "\u00a0".join(parts)
    parsed = phonenumbers.parse(number)
    international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    return str(international).replace(" ", "\u00a0")


def masked(number: str) -> str:
    """Return `+7 701 … 01`: enough to tell two apart, too little to call."""
    return "\u00a0".join((*shown(number).split("\u00a0")[:2], "…", number[-2:]))


def _callable(number: PhoneNumber) -> bool:
    if number.country_code == SHARED and str(number.national_number)[0] in "67":
        return bool(phonenumbers.is_possible_number(number))
    return bool(phonenumbers.is_valid_number(number))

"""Phone numbers: every usual spelling of Kazakh ones, and international ones (3.2.2)."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from neupusti.core.text.characters import composed

DEFAULT_REGION = "KZ"
SHARED_COUNTRY_CODE = 7
"""The code of Kazakhstan and Russia; Kazakh numbers go on with 6 or 7."""
MAX_LENGTH = 40
ALLOWED = re.compile(r"\+?[\d\s().\u00a0‐‑–-]+")


class PhoneError(ValueError):
    """The text is not a phone number that can be called."""


def parse(text: str) -> str:
    """Return the number in E.164; raise PhoneError.

    Without a country code it is a Kazakh one, for which the right length is enough: the
    tables of ranges lag behind the landlines. An international one must be valid.
    """
    written = composed(text).strip()
    if len(written) > MAX_LENGTH or not ALLOWED.fullmatch(written):
        raise PhoneError
    try:
        number = phonenumbers.parse(written, DEFAULT_REGION)
    except NumberParseException:
        raise PhoneError from None
    if not _callable(number):
        raise PhoneError
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def shown(number: str) -> str:
    """Return an E.164 number for display: `+7 701 123 45 67`, with no-break spaces."""
    if re.fullmatch(r"\+7\d{10}", number):
        parts = (number[:2], number[2:5], number[5:8], number[8:10], number[10:])
        return "\u00a0".join(parts)
    parsed = phonenumbers.parse(number)
    international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    return str(international).replace(" ", "\u00a0")


def dialled(number: str) -> str:
    """Return an E.164 number in digits alone: `87011234567`, `4915112345678`.

    Tables of carriers take no plus, which spreadsheets read as the start of a formula.
    """
    return re.sub(r"^7(?=\d{10}$)", "8", number.removeprefix("+"))


def masked(number: str) -> str:
    """Return `+7 701 … 01`: enough to recognise, too little to call."""
    return "\u00a0".join((*shown(number).split("\u00a0")[:2], "…", number[-2:]))


def _callable(number: PhoneNumber) -> bool:
    if (
        number.country_code == SHARED_COUNTRY_CODE
        and str(number.national_number)[0] in "67"
    ):
        return bool(phonenumbers.is_possible_number(number))
    return bool(phonenumbers.is_valid_number(number))

"""Addresses of e-mail: what is accepted, how it is kept, when two are the same (3.2.3)."""

import re

from neupusti.core.characters import hidden

LONGEST = 254
"""Characters of an address (RFC 5321, erratum 1690)."""
LONGEST_LOCAL = 64
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"(?:{LABEL}\.)+(?=[A-Za-z]|xn--){LABEL}", re.IGNORECASE)


class EmailFault(ValueError):  # noqa: N818 - what is wrong with an address
    """The text is no address of e-mail."""


def parse(text: str) -> str:
    """Return the address as it is kept: the domain in lower case and ASCII.

    What stands before the `@` stays as typed, since its server may tell case apart; a
    domain in letters of its own (`пример.қаз`) becomes the name that servers know.
    Raise EmailFault.
    """
    local, at, domain = text.strip(" ").rpartition("@")
    # Making a domain ASCII would drop what nobody sees in silence.
    if hidden(text) or not at or not LOCAL.fullmatch(local) or len(local) > LONGEST_LOCAL:
        raise EmailFault
    domain = _ascii(domain)
    address = f"{local}@{domain}"
    if not DOMAIN.fullmatch(domain) or len(address) > LONGEST:
        raise EmailFault
    return address


def key(address: str) -> str:
    """Return what two addresses share where they are one person's: no case."""
    return address.casefold()


def masked(address: str) -> str:
    """Return `a…@example.kz`: enough to know one's own, too little to learn another's."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        raise EmailFault from None

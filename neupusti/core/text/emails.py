"""Addresses of e-mail: what is accepted, how it is kept, when two are the same (3.2.3)."""

import re

from neupusti.core.text import domains
from neupusti.core.text.characters import hidden
from neupusti.core.text.domains import DomainFault

LONGEST = 254
"""Characters of an address (RFC 5321, erratum 1690)."""
LONGEST_LOCAL = 64
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
SEVERAL_LABELS = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
"""A number in the end would be an address of IPv4."""


class EmailError(ValueError):
    """The text is no address of e-mail; the message is one of the words below."""


SHAPE, DOMAIN = "shape", "domain"


def parse(text: str) -> str:
    """Return the address as it is kept: the domain in lower case and ASCII.

    What stands before the `@` stays as typed, since its server may tell case apart; a
    domain in letters of its own (`пример.қаз`) becomes the name that servers know.
    Raise EmailFault.
    """
    typed = text.strip(" ")
    local, _, domain = typed.rpartition("@")
    # Making a domain ASCII would drop what nobody sees in silence.
    if len(typed) > LONGEST or hidden(typed):
        raise EmailError(SHAPE)
    if len(local) > LONGEST_LOCAL or not LOCAL.fullmatch(local):
        raise EmailError(SHAPE)
    try:
        domain = domains.encoded(domain)
    except DomainFault:
        raise EmailError(DOMAIN) from None
    address = f"{local}@{domain}"
    if len(address) > LONGEST or not SEVERAL_LABELS.fullmatch(domain):
        raise EmailError(SHAPE)
    return address


def key(address: str) -> str:
    """Return what two addresses share where they are one person's: no case."""
    return address.lower()


def masked(address: str) -> str:
    """Return `a…@example.kz`: enough to know one's own, too little to learn another's."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"

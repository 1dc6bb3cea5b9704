"""Email addresses: validation, stored form and comparison (3.2.3)."""

import re

from neupusti.core.text import domains
from neupusti.core.text.characters import hidden
from neupusti.core.text.domains import DomainNameError

MAX_LENGTH = 254
"""Characters of an address (RFC 5321, erratum 1690)."""
MAX_LOCAL_LENGTH = 64
LOCAL = re.compile(
    r"(?!=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
)
"""Not like an encoded word (RFC 2047), which cannot be written into a header."""
DOMAIN_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
"""A numeric last label would be an IPv4 address."""


class EmailError(ValueError):
    """The text is not an email address; the message is one of the codes below."""


SHAPE, DOMAIN = "shape", "domain"


def parse(text: str) -> str:
    """Return the address as it is stored: the domain in lower case and ASCII.

    The local part stays as typed, since its server may be case-sensitive; an international
    domain (`пример.қаз`) becomes its ASCII form. Raise EmailError.
    """
    typed = text.strip(" ")
    local, _, domain = typed.rpartition("@")
    # Encoding the domain would silently drop invisible characters.
    if len(typed) > MAX_LENGTH or hidden(typed):
        raise EmailError(SHAPE)
    if len(local) > MAX_LOCAL_LENGTH or not LOCAL.fullmatch(local):
        raise EmailError(SHAPE)
    try:
        domain = domains.encoded(domain)
    except DomainNameError:
        raise EmailError(DOMAIN) from None
    address = f"{local}@{domain}"
    if len(address) > MAX_LENGTH or not DOMAIN_NAME.fullmatch(domain):
        raise EmailError(SHAPE)
    return address


def key(address: str) -> str:
    """Return the form in which addresses are compared: lower case."""
    return address.lower()


def masked(address: str) -> str:
    """Return `a…@example.kz`: enough to recognise, too little to disclose."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"

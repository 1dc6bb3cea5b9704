"""Domain names in their ASCII form."""

import idna


class DomainNameError(ValueError):
    """The text is not a valid domain name."""


def encoded(name: str) -> str:
    """Return `name` in lower case and ASCII (IDNA 2008, UTS 46 non-transitional).

    `straße.de` is `xn--strae-oqa.de` and not `strasse.de`, another owner's domain: Python's
    own codec, and the parts of the library that use it, implement IDNA 2003 only. Raise
    DomainNameError.
    """
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise DomainNameError from None

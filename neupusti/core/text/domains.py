"""Names of domains as servers know them."""

import idna


class DomainFault(ValueError):  # noqa: N818 - what is wrong with a name
    """No server can have this name."""


def encoded(name: str) -> str:
    """Return `name` in lower case and ASCII (IDNA 2008, UTS 46 non-transitional).

    `straße.de` is `xn--strae-oqa.de` and never `strasse.de`, which is another owner's:
    Python's own codec, and whatever of the library uses it, knows IDNA 2003 only. Raise
    DomainFault.
    """
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise DomainFault from None

"""What a browser may see by links of our emails: the ids of their tokens, in its session.

A link is exchanged at once for a clean address. Each view reads the token's row again, so
that revoking it works at once.
"""

from flask import session

MOST = 20
"""Things of one kind that a session remembers: the cookie is signed and must stay small."""


def remember(kind: str, name: str, token: int) -> None:
    """Let this browser see `name` by the id of a token; the oldest are forgotten."""
    known = {**session.get(kind, {})}
    known.pop(name, None)
    known[name] = token
    session[kind] = dict(list(known.items())[-MOST:])


def remembered(kind: str, name: str) -> int | None:
    """Return the id of the token by which this browser may see `name`, or None."""
    found: int | None = session.get(kind, {}).get(name)
    return found

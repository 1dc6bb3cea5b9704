"""Addresses lead to the domain that was typed: IDNA 2008 in the place of IDNA 2003.

A stored domain that still shows what was typed (`xn--…`) is written again. Where two names
had been made one (`straße.de` is stored as `strasse.de`), nothing shows which was typed.
A person who has confirmed such an address reads its mail, and keeps it. One that nobody has
confirmed may be a stranger's: links sent to it open nothing more, e-mails to it that wait
are not sent. Who typed it rightly gets a new link at the next sign-in.

Revision: 0012
"""

import logging
import re
import unicodedata

import idna
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LONGEST = 254
LABEL = re.compile(r"\bxn--([^.]+)")
SIGMA = "\u03c3"
VIRAMA = 9
"""The combining class of what stands before a joiner in Indian scripts."""
PERSON = sa.table(
    "person", *map(sa.column, ("id", "email", "email_key", "search", "confirmed_at"))
)
CHANGE = sa.table("email_change", *map(sa.column, ("old", "new")))
LETTER = sa.table(
    "letter",
    *map(sa.column, ("person", "recipient", "state", "reason", "created_at", "done_at")),
)
TOKEN = sa.table("token", sa.column("person"))
REASON = "its domain may not be the one that was typed"
WAITS = LETTER.c.state == "queued"
logger = logging.getLogger("neupusti.migration")


def upgrade(engine_name: str) -> None:
    """Mend the domains that show it; log whose do not."""
    if engine_name != "main":
        return
    mended, left = _mend_people()
    _mend(CHANGE, CHANGE.c.old, sa.true())
    _mend(CHANGE, CHANGE.c.new, sa.true())
    _mend(LETTER, LETTER.c.recipient, WAITS)
    doubted = _doubt()
    if mended or left or doubted:
        fields = {
            "mended": len(mended),
            "links_void": ",".join(map(str, doubted)),
            "cannot_sign_in": ",".join(map(str, left)),
        }
        logger.warning("domains of people", extra={"fields": fields})


def downgrade(engine_name: str) -> None:
    """Change nothing: the older rules keep a domain in ASCII as it is."""


def _mend_people() -> tuple[list[int], list[int]]:
    """Rewrite people's domains; return who was mended, and whom nobody can type.

    An address that somebody else has confirmed stays that person's.
    """
    link = op.get_bind()
    people = link.execute(sa.select(PERSON).order_by(PERSON.c.id)).all()
    confirmed = {row.email_key: row.id for row in people if row.confirmed_at}
    mended, left = [], []
    for row in people:
        email = _as_typed(row.email)
        if email == row.email:
            continue
        taken = email and confirmed.get(email.lower(), row.id) != row.id
        if row.confirmed_at and (taken or not email):
            left.append(row.id)
        elif email:
            mended.append(row.id)
            if row.confirmed_at:
                confirmed[email.lower()] = row.id
            search = row.search.replace(_folded(row.email), _folded(email))
            values = {"email": email, "email_key": email.lower(), "search": search}
            link.execute(sa.update(PERSON).where(PERSON.c.id == row.id).values(values))
    return mended, left


def _mend(
    table: sa.TableClause, column: "sa.ColumnClause[str]", which: "sa.ColumnElement[bool]"
) -> None:
    """Rewrite the domains of one column, in the rows of `which`."""
    link = op.get_bind()
    for (stored,) in link.execute(sa.select(column).where(which).distinct()).all():
        if email := _as_typed(stored):
            rows = sa.update(table).where(column == stored, which)
            link.execute(rows.values({column.name: email}))


def _doubt() -> list[int]:
    """Trust no unconfirmed address of a doubtful domain; return whose they are."""
    link = op.get_bind()
    said = sa.select(PERSON.c.id, PERSON.c.email).where(PERSON.c.confirmed_at.is_(None))
    rows = link.execute(said.order_by(PERSON.c.id)).all()
    doubted = [row.id for row in rows if _two(row.email)]
    link.execute(sa.delete(TOKEN).where(TOKEN.c.person.in_(doubted)))
    waiting = sa.update(LETTER).where(WAITS, LETTER.c.person.in_(doubted))
    over = {"state": "refused", "done_at": LETTER.c.created_at, "reason": REASON}
    link.execute(waiting.values(over))
    return doubted


def _as_typed(address: str) -> str | None:
    """Return `address` with its domain by IDNA 2008; None where no server can have it."""
    local, _, domain = address.rpartition("@")
    try:
        typed = f"{local}@{idna.encode(_unicode(domain), uts46=True).decode()}"
    except UnicodeError:
        return None
    return typed if len(typed) <= LONGEST else None


def _two(address: str) -> bool:
    """Return whether two domains became this one: by `ß`, the last sigma, or a joiner."""
    domain = _unicode(address.rpartition("@")[2])
    return "ss" in domain or any(
        letter == SIGMA
        or unicodedata.combining(letter) == VIRAMA
        or unicodedata.bidirectional(letter) == "AL"
        for letter in domain
    )


def _unicode(domain: str) -> str:
    return LABEL.sub(_decoded, domain)


def _decoded(label: re.Match[str]) -> str:
    try:
        return label[1].encode().decode("punycode")
    except UnicodeError:
        return label[0]


def _folded(text: str) -> str:
    """Return `text` as the people list looks through it."""
    return unicodedata.normalize("NFKC", text).casefold()

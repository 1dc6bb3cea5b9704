"""Guest links: who may see an order without an account, and for how long.

A link is shown by email only and exchanged at once for a clean address: the view keeps
`session["orders"][number] = token id`. Each view reads the token's row again (`access`), so
revoking works at once. The number of an order alone opens nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder

PURPOSE = "order"
LIFE = timedelta(days=14)
FIND_LIFE = timedelta(hours=24)
FRESH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened link: for `session["orders"][number] = token`."""

    number: str
    token: int


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who may see an order."""

    order: ShopOrder
    owner: bool
    """Whether it is the signed-in person's."""
    may_change: bool
    """Whether they may cancel it or change its address: the owner, or by a link younger
    than a day. Else the page offers a new link."""


def issue(session: Session, order: int, life: timedelta = LIFE) -> str:
    """Return the token of a new link to an order, in the open write transaction."""
    raise NotImplementedError


def open_link(token: str) -> Opened:
    """Exchange a link for the id of its token; raise TokenError.

    The first opening proves the e-mail of the order. A link can be opened many times: a
    scanner of emails uses nothing up.
    """
    raise NotImplementedError


def access(number: str, *, token: int | None, person: int | None) -> Access:
    """Return the access of a browser to an order; raise NoOrderError.

    `token` is what the session holds for this number, `person` who is signed in.
    """
    raise NotImplementedError


def find(number: str, email: str, language: Language, network: str) -> None:
    """Email a link of 24 hours if there is such an order of that address.

    The answer and the work are the same whether there is one. Raise OrderNumberError for
    what is no number (`mistyped`: check the last sign), TooManyError.
    """
    raise NotImplementedError


def revoke(session: Session, order: int) -> None:
    """End every link to an order at once, in the open write transaction."""
    raise NotImplementedError

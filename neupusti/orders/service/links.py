"""Guest links: who may see an order without an account, and for how long.

A link is shown by email only and exchanged at once for a clean address: the view keeps
`session["orders"][number] = token id`. Each view reads the token's row again (`access`), so
revoking works at once. The number of an order alone opens nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.service import people
from neupusti.accounts.service.signals import awaits_destruction
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import attaching
from neupusti.orders.service.errors import NO_ORDER, NoOrderError

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


def issue_row(session: Session, order: int, life: timedelta = LIFE) -> tuple[Token, str]:
    """Store a new link to an order in the open write transaction: its row and token."""
    return tokens.issue_row(session, PURPOSE, life, target=order)


def issue_id(session: Session, order: int) -> int:
    """Return the id of a new token that nobody can read: for the browser that ordered."""
    row, _text = issue_row(session, order, FIND_LIFE)
    session.flush()
    return row.id


def open_link(token: str) -> Opened:
    """Exchange a link for the id of its token; raise TokenError.

    The first opening proves the email of the order, and ties the order to the account that
    has confirmed this email. A link can be opened many times: a scanner of emails uses
    nothing up.
    """
    row = tokens.peek(PURPOSE, token)
    order = db.session.get(ShopOrder, row.target)
    if order is None:
        raise TokenError
    opened = Opened(order.number, row.id)
    if order.email_proved_at is None and not is_blocked(order):
        _prove(order.id)
    return opened


def access(number: str, *, token: int | None, person: int | None) -> Access:
    """Return the access of a browser to an order; raise NoOrderError.

    `token` is what the session holds for this number, `person` who is signed in.
    """
    try:
        order = by_number(db.session(), order_numbers.parse(number))
    except OrderNumberError:
        order = None
    if order is None:
        raise NoOrderError(NO_ORDER)
    if person is not None and order.person == person:
        return Access(order, owner=True, may_change=True)
    row = tokens.held(token, PURPOSE, order.id)
    if row is None:
        raise NoOrderError(NO_ORDER)
    fresh = row.created_at > clock.now() - FRESH
    return Access(order, owner=False, may_change=fresh)


def by_number(session: Session, number: str) -> ShopOrder | None:
    """Return the order of a number as `order_numbers.parse` returns it."""
    found: ShopOrder | None = session.scalar(select(ShopOrder).filter_by(number=number))
    return found


def is_blocked(order: ShopOrder) -> bool:
    """Return whether the order may only be read and cancelled, for now (6.2.4)."""
    session = db.session()
    whose = Whose(person=order.person, email_key=order.email_key)
    return (
        order.frozen_at is not None
        or blocks.is_blocked(session, whose)
        or is_contested(order)
    )


def is_contested(order: ShopOrder) -> bool:
    """Return whether a value of the order is contested: staff change nothing of it."""
    return blocks.is_contested(db.session(), ShopOrder.__tablename__, order.id)


def _prove(number: int) -> None:
    with writing() as session:
        order = session.get_one(ShopOrder, number, with_for_update=True)
        if order.email_proved_at is not None:
            return
        order.email_proved_at = clock.now()
        known = people.confirmed(order.email, session)
        gone_at = attaching.destroyed_at(session, order.email_key)
        is_newer = gone_at is None or order.placed_at > gone_at
        stays = awaits_destruction(session, order.email_key)
        if order.person is None and known is not None and is_newer and not stays:
            order.person = known.id
        journal.log_processing(
            session,
            ProcessingRecord(
                operation=Operation.UPDATING,
                what="e-mail of an order proved",
                why=Purpose.CONFIRMATION,
                person=order.person,
                actor=Actor(ActorKind.PERSON, order.person),
            ),
        )

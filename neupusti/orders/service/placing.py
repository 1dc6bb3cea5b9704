"""Place an order: one write transaction, and the same order for every repetition."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import insert, writing
from neupusti.core.deadlines import counting, register
from neupusti.core.records import consents, journal
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle
from neupusti.core.text import collation, emails, order_numbers
from neupusti.core.text.languages import Language
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.order import (
    Delivery,
    OrderLine,
    OrderState,
    Payment,
    ShopOrder,
)
from neupusti.orders.service import emails as order_emails
from neupusti.orders.service import limits, links, moves, storing
from neupusti.orders.service import quote as quotes
from neupusti.orders.service.addresses import Address
from neupusti.orders.service.basket import HIGHEST, Basket
from neupusti.orders.service.errors import OrderError
from neupusti.orders.service.moves import What
from neupusti.orders.service.signals import order_placed

DRAWS = 5
"""How often a number is drawn; one clash in a million is to be expected."""
INVOICE_DAYS = 3
"""Working days until an unpaid invoice ends its order."""
PHONE_END, SEARCH_LENGTH = 4, 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who orders, as the form (or the account) says, validated."""

    family_name: str
    given_name: str
    patronymic: str
    email: str
    phone: str
    """E.164."""
    language: Language
    person: int | None = None
    """The number of the signed-in person, whose e-mail is confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How the order shall reach the buyer and be paid, validated."""

    delivery: Delivery
    payment: Payment
    address: Address | None
    """None exactly where the method needs none."""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The order that a sending reached."""

    number: str
    token: int | None
    """The id of a link token: `session["orders"][number]` lets this browser see the order.

    None where the order is another person's: then the page offers to find it by e-mail.
    """
    created: bool
    """False: this basket had been sent before, and this is the order it became."""
    same: bool
    """Whether its goods are those that were sent now; False is said on its page."""
    fell: bool = False
    """Whether something costs less than what was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came with the sending."""

    consent: GivenConsent
    """`form="order"`, purpose 4.1.1, the text of `delivery.statement`."""
    quote: str
    """The digest that the check page showed; empty: the prices in the basket were seen."""
    network: str
    """The network that sent it, as `throttle.network` returns it."""
    known: str | None = None
    """The name under which the buyer has a limit of their own; None: as a stranger."""


class _SentBeforeError(Exception):
    """The basket has become an order already: what was written is rolled back."""


def place(basket: Basket, buyer: Buyer, wish: Wish, proof: Proof) -> Placed:
    """Place an order; a second call with the same basket returns the first order.

    Raise ShortageError, PriceRoseError, QuoteChangedError, OrderError for an empty basket
    or an address where none is needed, TooManyError. Nothing is stored then.
    """
    if not basket.lines:
        raise OrderError(_("The basket is empty."))
    if (wish.address is not None) != wish.delivery.needs_address:
        raise OrderError(_("This way of delivery and the address do not go together."))
    submission = keys.hashed("order", basket.id)
    goods, recipient = (x.product for x in basket.lines), (buyer.email, buyer.phone)
    uses = limits.of_order(proof.network, recipient, goods, proof.known)
    try:
        with writing() as session:
            refusal = throttle.refusal(session, *uses)
            if refusal is None:
                return _store(session, submission, basket, (buyer, wish, proof))
            before = _sent_before(session, submission)
    except _SentBeforeError:
        return _first(submission, basket, buyer)
    # By now the counts are committed: who is locked out stays so.
    if before is None:
        raise refusal
    return _first(submission, basket, buyer)


def _store(
    session: Session, submission: str, basket: Basket, sent: tuple[Buyer, Wish, Proof]
) -> Placed:
    buyer, wish, proof = sent
    seen = quotes.of(
        basket,
        delivery=wish.delivery,
        payment=wish.payment,
        language=buyer.language,
        edition=proof.consent.edition,
    )
    if seen.total > HIGHEST:
        raise OrderError(_("The sum is too high for one order: split it into several."))
    consent = consents.store(session, proof.consent, email=buyer.email, person=buyer.person)
    order = _insert(
        session,
        {
            **_columns(session, buyer, wish),
            "submission": submission,
            "consent": consent.id,
            "quote": proof.quote or seen.digest,
            "goods": seen.goods,
            "fee": seen.fee,
            "total": seen.total,
        },
    )
    lines, fell = storing.take_goods(session, order, seen, proof.quote)
    if wish.address is not None:
        session.add(OrderAddress(order=order.id, **asdict(wish.address)))
    token = _report(session, order, lines)
    order_placed.send(order, session=session)
    return Placed(number=order.number, token=token, created=True, same=True, fell=fell)


def _insert(session: Session, values: dict[str, Any]) -> ShopOrder:
    """Insert the order, with another number where one is taken; return its row.

    Raise _SentBeforeError where there is one of this submission already: on PostgreSQL the
    second of two clicks waits here for the first.
    """
    for _attempt in range(DRAWS):
        number = order_numbers.new(clock.today())
        row = insert(session, ShopOrder).on_conflict_do_nothing().returning(ShopOrder)
        order: ShopOrder | None = session.scalar(row, {"number": number, **values})
        if order is not None:
            return order
        if _sent_before(session, values["submission"]) is not None:
            raise _SentBeforeError
    raise RuntimeError(f"{DRAWS} random numbers in a row were taken")


def search_key(*names: str) -> str:
    """Return the names of a buyer as staff search for them."""
    return collation.folded(" ".join(filter(None, names)))[:SEARCH_LENGTH]


def _columns(session: Session, buyer: Buyer, wish: Wish) -> dict[str, Any]:
    now = clock.now()
    names = (buyer.family_name, buyer.given_name, buyer.patronymic)
    by_invoice = wish.payment is Payment.INVOICE
    return {
        "language": buyer.language.value,
        "person": buyer.person,
        "email": buyer.email,
        "email_key": emails.key(buyer.email),
        "email_proved_at": now if buyer.person else None,
        "family_name": buyer.family_name,
        "given_name": buyer.given_name,
        "patronymic": buyer.patronymic,
        "phone": buyer.phone,
        "phone_end": buyer.phone[-PHONE_END:],
        "search": search_key(*names),
        "delivery": wish.delivery.value,
        "payment": wish.payment.value,
        "comment": wish.comment,
        "state": OrderState.NEW.value,
        "version": 1,
        "placed_at": now,
        "due_at": _invoice_ends(session, now) if by_invoice else None,
    }


def _invoice_ends(session: Session, now: datetime) -> datetime:
    """Return when an unpaid invoice ends: in doubt about a holiday, later."""
    days = register.calendar(session, estimates=True)
    return counting.end_after(now, INVOICE_DAYS, days)


def _report(session: Session, order: ShopOrder, lines: list[OrderLine]) -> int:
    """Write event, journal and email of a new order; return the id of the link's token."""
    actor = Actor(ActorKind.PERSON, order.person)
    moves.add_event(session, order, What.PLACED, actor, moved=("", order.state))
    journal.log_processing(
        session,
        ProcessingRecord(
            operation=Operation.COLLECTION,
            what="order",
            why=Purpose.IDENTIFICATION,
            person=order.person,
            actor=actor,
        ),
    )
    pieces = {line.id: line.quantity for line in lines}
    return order_emails.send(
        session, order_emails.PLACED, order, order_emails.goods(order, lines, pieces)
    )


def _sent_before(session: Session, submission: str) -> ShopOrder | None:
    found: ShopOrder | None = session.scalar(
        select(ShopOrder).filter_by(submission=submission)
    )
    return found


def _first(submission: str, basket: Basket, buyer: Buyer) -> Placed:
    """Return the order that this basket became; only its buyer may see it."""
    with writing() as session:
        order = session.scalars(select(ShopOrder).filter_by(submission=submission)).one()
        lines = session.execute(
            select(OrderLine.product, OrderLine.quantity).filter_by(order=order.id)
        )
        same = {(row[0], row[1]) for row in lines} == {
            (line.product, line.quantity) for line in basket.lines
        }
        token = None
        if order.email_key == emails.key(buyer.email):
            token = links.issue_id(session, order.id)
        return Placed(number=order.number, token=token, created=False, same=same)

"""The moves of an order: three tables, and one way to make a move.

Every move names the version of the order that was seen. Of two concurrent presses one
changes the version, and the other is told what has happened meanwhile.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.classification import Purpose
from neupusti.core.data.finding import Whose
from neupusti.core.records import journal
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    StaffActionType,
)
from neupusti.core.registry import registry
from neupusti.core.text import dates, languages
from neupusti.orders.models.fulfilment import OrderEvent, ParcelState, ReturnState
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.service.errors import (
    NO_ORDER,
    FrozenError,
    MoveError,
    NoOrderError,
    StaleError,
)


class Who(StrEnum):
    """Who may make a move."""

    BUYER = "buyer"
    STAFF = "staff"
    SYSTEM = "system"
    COURIER = "courier"


class What(StrEnum):
    """What an event is about (`OrderEvent.what`)."""

    PLACED = "placed"
    MOVED = "moved"
    """The decision, or a parcel where the event names one."""
    LINES = "lines"
    """Some pieces were cancelled."""
    ADDRESS = "address"
    CORRECTED = "corrected"
    """A name or the phone was wrong (6.1.2)."""
    NOTE = "note"
    PAYMENT = "payment"
    RETURN = "return"
    BLOCK = "block"
    REMINDER = "reminder"
    DISCLOSED = "disclosed"
    """Its data were handed over and no parcel moved: printed again, or another address."""


WHAT_LABELS: Mapping[What, LazyString] = {
    What.PLACED: _("placed"),
    What.MOVED: _("moved on"),
    What.LINES: _("cancelled in part"),
    What.ADDRESS: _("given another address"),
    What.CORRECTED: _("corrected"),
    What.NOTE: _("given a note"),
    What.PAYMENT: _("given an entry of money"),
    What.RETURN: _("changed by a return"),
    What.BLOCK: _("blocked or released"),
    What.REMINDER: _("reminded of"),
    What.DISCLOSED: _("shown to who delivers"),
}
WHO_LABELS: Mapping[ActorKind, LazyString] = {
    ActorKind.PERSON: _("the buyer"),
    ActorKind.STAFF: _("the shop"),
    ActorKind.SYSTEM: _("the site"),
    ActorKind.OPERATOR: _("the shop"),
    ActorKind.COURIER: _("who delivers"),
}
WHO: Mapping[ActorKind, Who] = {
    ActorKind.PERSON: Who.BUYER,
    ActorKind.STAFF: Who.STAFF,
    ActorKind.OPERATOR: Who.STAFF,
    ActorKind.SYSTEM: Who.SYSTEM,
    ActorKind.COURIER: Who.COURIER,
}
EVERYBODY = frozenset({Who.BUYER, Who.STAFF, Who.SYSTEM})
STAFF = frozenset({Who.STAFF})
ON_THE_ROAD = frozenset({Who.STAFF, Who.COURIER})

DECISION: Mapping[tuple[OrderState, OrderState], frozenset[Who]] = {
    (OrderState.NEW, OrderState.CONFIRMED): STAFF,
    (OrderState.NEW, OrderState.CANCELLED): EVERYBODY,
    (OrderState.CONFIRMED, OrderState.CANCELLED): EVERYBODY,
}
"""What is decided about an order; cancelled only while no parcel is past `packed`."""
JOURNEY: Mapping[tuple[ParcelState, ParcelState], frozenset[Who]] = {
    (ParcelState.PACKED, ParcelState.GONE): EVERYBODY,
    (ParcelState.PACKED, ParcelState.HANDED_OVER): STAFF,
    (ParcelState.PACKED, ParcelState.DELIVERED): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.PACKED): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY): ON_THE_ROAD,
    (ParcelState.HANDED_OVER, ParcelState.DELIVERED): ON_THE_ROAD,
    (ParcelState.HANDED_OVER, ParcelState.REFUSED): ON_THE_ROAD,
    (ParcelState.ON_THE_WAY, ParcelState.DELIVERED): ON_THE_ROAD,
    (ParcelState.ON_THE_WAY, ParcelState.REFUSED): ON_THE_ROAD,
    (ParcelState.DELIVERED, ParcelState.ON_THE_WAY): STAFF,
    (ParcelState.REFUSED, ParcelState.ON_THE_WAY): STAFF,
    (ParcelState.REFUSED, ParcelState.RETURNED): STAFF,
}
"""Where a parcel goes; only `delivery` hands it over (5.2). From `packed` straight to
`delivered` is a pick-up; back from `delivered` is a mistaken press, within a day; back
from `refused` too, or another attempt; a cancellation or another address unpacks."""
RETURNS: Mapping[tuple[ReturnState, ReturnState], frozenset[Who]] = {
    (ReturnState.ASKED, ReturnState.ACCEPTED): STAFF,
    (ReturnState.ASKED, ReturnState.REFUSED): STAFF,
    (ReturnState.ACCEPTED, ReturnState.RECEIVED): STAFF,
    (ReturnState.ACCEPTED, ReturnState.REFUSED): STAFF,
}
"""What becomes of a buyer's wish to return goods; the last: they never came."""

MOVED = StaffActionType("orders.moved", _("Moved an order on"))
CHANGED = StaffActionType("orders.changed", _("Changed an order"))
BLOCKED = StaffActionType("orders.blocked", _("Blocked an order, or lifted its block"))
ACTIONS: Mapping[What, StaffActionType] = {
    **dict.fromkeys((What.MOVED, What.LINES, What.RETURN), MOVED),
    **dict.fromkeys((What.ADDRESS, What.CORRECTED, What.NOTE), CHANGED),
    What.PAYMENT: CHANGED,
    What.BLOCK: BLOCKED,
}
NO_MOVE = _("An order in this state cannot be changed like this.")

State = TypeVar("State", OrderState, ParcelState, ReturnState)


@dataclass(frozen=True, slots=True)
class Press:
    """A press of a button: on which order, at which version, by whom."""

    order: int
    seen: int
    """`ShopOrder.version` on the page: a hidden field `version` of every form."""
    actor: Actor
    """`Actor(ActorKind.PERSON, number or None)` for a buyer, STAFF with the number."""


def begin(session: Session, press: Press, *, though_frozen: bool = False) -> ShopOrder:
    """Take the next version of the order, which locks it; return its row.

    Raise StaleError, FrozenError, NoOrderError: then the caller rolls back.
    """
    changed = (
        update(ShopOrder)
        .where(ShopOrder.id == press.order, ShopOrder.version == press.seen)
        .values(version=press.seen + 1)
        .returning(ShopOrder)
    )
    options = {"populate_existing": True}
    order: ShopOrder | None = session.scalar(changed, execution_options=options)
    if order is None:
        raise _stale(session, press)
    if order.frozen_at is not None and not though_frozen:
        raise blocked()
    return order


@contextmanager
def own_act(session: Session, press: Press) -> Iterator[None]:
    """Let a buyer's press through though their data are blocked (6.2.4)."""
    order = session.get(ShopOrder, press.order)
    if order is None or WHO[press.actor.kind] is not Who.BUYER:
        yield
        return
    whose = Whose(person=order.person, email_key=order.email_key)
    with blocks.passing(session, whose):
        yield


def blocked() -> FrozenError:
    """Return the error of an order whose data are blocked (6.2.4)."""
    return FrozenError(_("This order is blocked: it can only be cancelled."))


def check(
    table: Mapping[tuple[State, State], frozenset[Who]],
    move: tuple[State, State],
    actor: Actor,
) -> None:
    """Raise MoveError unless the table has this move for this actor."""
    if WHO[actor.kind] not in table.get(move, ()):
        raise MoveError(NO_MOVE)


def add_event(  # noqa: PLR0913 - an event is all of these
    session: Session,
    order: ShopOrder,
    what: What,
    actor: Actor,
    *,
    moved: tuple[str, str] = ("", ""),
    parcel: int | None = None,
    reason: str = "",
) -> None:
    """Write the event of the order's present version.

    Past the term of the order without `reason`: its words were destroyed (5.1), once.
    """
    session.add(
        OrderEvent(
            order=order.id,
            parcel=parcel,
            seq=order.version,
            what=what.value,
            moved_from=moved[0],
            moved_to=moved[1],
            actor_kind=actor.kind.value,
            actor=actor.number,
            at=clock.now(),
            reason=reason if order.identity_ended_at is None else "",
        )
    )


def report(  # noqa: PLR0913 - an event is all of these
    session: Session,
    order: ShopOrder,
    what: What,
    actor: Actor,
    *,
    moved: tuple[str, str] = ("", ""),
    parcel: int | None = None,
    reason: str = "",
) -> None:
    """Write the event of a move, and the journal: that of staff, or that of processing."""
    add_event(session, order, what, actor, moved=moved, parcel=parcel, reason=reason)
    steps = " > ".join(filter(None, moved))
    if WHO[actor.kind] is Who.STAFF:
        journal.log_staff_action(
            session,
            staff=actor.number,
            action=ACTIONS[what],
            operation=Operation.ALTERATION,
            person=order.person,
            what=f"{order.number} {what} {steps}".strip(),
            reason=reason,
        )
        return
    record = ProcessingRecord(
        operation=Operation.ALTERATION,
        what=f"order {what} {steps}".strip(),
        why=Purpose.IDENTIFICATION,
        person=order.person,
        actor=actor,
    )
    journal.log_processing(session, record)


def _stale(session: Session, press: Press) -> NoOrderError | StaleError:
    last = session.scalar(
        select(OrderEvent)
        .where(OrderEvent.order == press.order)
        .order_by(OrderEvent.seq.desc())
        .limit(1)
    )
    if last is None:
        return NoOrderError(NO_ORDER)
    by_colleague = press.actor.kind is ActorKind.STAFF and last.actor is not None
    names = registry().staff_names() if by_colleague else {}
    kind = ActorKind(last.actor_kind)
    name = names.get(last.actor or 0) if kind is ActorKind.STAFF else None
    return StaleError(
        _(
            "Meanwhile this order was %(what)s, %(moment)s, by %(who)s. "
            "Open it again and look once more.",
            what=WHAT_LABELS[What(last.what)],
            moment=dates.moment(last.at, languages.current()),
            who=name or WHO_LABELS[kind],
        )
    )

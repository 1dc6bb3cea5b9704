"""`disclose`: the only way in which data of an order leave the site (5.2).

It reads what the recipient's list, the delivery and the payment leave, and enters that in
the ledger, in one transaction with the move of the parcel and the email to its buyer.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.records import journal
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import Actor, Operation, StaffActionType
from neupusti.core.security import tokens
from neupusti.delivery import queries
from neupusti.delivery.models import (
    CHANNELS,
    CLAUSES,
    Channel,
    Disclosure,
    DisclosureField,
    Field,
)
from neupusti.delivery.service import fields, links, reading
from neupusti.delivery.service.errors import DisclosureError
from neupusti.delivery.service.reading import Disclosed
from neupusti.orders.models.fulfilment import Parcel, ParcelState
from neupusti.orders.models.order import Delivery, Payment, ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.queries import recipients
from neupusti.orders.queries.recipients import Known
from neupusti.orders.service import moves
from neupusti.orders.service.life import parcels, steps
from neupusti.orders.service.moves import Press, What
from neupusti.policy.service import edition_store

HANDED = StaffActionType("delivery.handed", _("Handed data of an order over"))
DIGEST = "disclosure"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """How parcels are handed over: to whom, in which way, and why."""

    recipient: int
    channel: Channel
    reason: str = ""
    purpose: Purpose = Purpose.IDENTIFICATION


@dataclass(frozen=True, slots=True)
class Handed:
    """A parcel that was handed over; `token` is that of the courier's link, if any."""

    disclosed: Disclosed
    token: str


def hand_over(
    wanted: Sequence[tuple[int, int]], how: HandOver, actor: Actor, *, track: str = ""
) -> list[Handed]:
    """Hand parcels over, all of them or none: pairs of a parcel and its order's version."""
    with writing() as session:
        numbers = [parcel for parcel, _seen in wanted]
        rows = session.execute(
            select(Parcel.id, Parcel.order).where(Parcel.id.in_(numbers))
        )
        orders = {row.id: row.order for row in rows}
        made: dict[int, int] = {}
        found = []
        # Orders are locked by their numbers, against deadlocks.
        for parcel, seen in sorted(wanted, key=lambda one: (orders.get(one[0], 0), one)):
            order = orders.get(parcel, 0)
            # Of one order the second parcel follows the first, whose press it is, too.
            press = Press(order, made.get(order, seen), actor)
            found.append(disclose(session, press, parcel, how, track=track))
            made[order] = press.seen + 1
        return found


def disclose(
    session: Session, press: Press, parcel: int, how: HandOver, *, track: str = ""
) -> Handed:
    """Hand the data of a packed parcel over, or once more to who has it already.

    Raise DisclosureError, and what a move raises: StaleError, FrozenError, MoveError.
    """
    order = moves.begin(session, press)
    found = steps.parcel_of(session, order, parcel)
    to = recipient_of(session, how.recipient)
    check(session, order, found, to, how)
    before, event = found.state, What.DISCLOSED
    if before == ParcelState.PACKED and to.kind is not RecipientKind.PICKUP:
        event = What.MOVED
        steps.set_state(session, found, ParcelState.HANDED_OVER, press)
    found.recipient = to.id
    found.track = parcels.tracked(order, track) or found.track
    moved = (before, found.state) if event is What.MOVED else ("", "")
    moves.add_event(
        session, order, event, press.actor, moved=moved, parcel=parcel, reason=how.reason
    )
    handed = enter(session, order, found, to, press.actor, how)
    if event is What.MOVED:
        parcels.tell_handed_over(session, order, found, to.version)
    return handed


def enter(  # noqa: PLR0913, PLR0917 - an entry is all of these
    session: Session,
    order: ShopOrder,
    parcel: Parcel,
    to: Known,
    actor: Actor,
    how: HandOver,
) -> Handed:
    """Read what `to` may see of a parcel, and enter it in the ledger and the journal.

    `check` has let it pass; only staff hand over.
    """
    if moves.WHO[actor.kind] is not moves.Who.STAFF:
        raise DisclosureError(moves.NO_MOVE)
    needed = fields.needed(Delivery(order.delivery), Payment(order.payment))
    wanted = fields.listed(to) & needed
    values = reading.read(session, order, parcel, wanted, how.purpose)
    row = Disclosure(
        order=order.id,
        parcel=parcel.id,
        seq=order.version,
        person=order.person,
        recipient=to.version.id,
        at=clock.now(),
        actor_kind=actor.kind.value,
        actor=actor.number,
        channel=how.channel.value,
        purpose=how.purpose.value,
        reason=how.reason,
        edition=edition_store.current_store().in_force(),
        digest=keys.keyed(DIGEST, signed_text(order.number, values)),
    )
    session.add(row)
    session.flush()
    _log(session, row, order.number, to, values)
    token = ""
    if how.channel is Channel.LINK:
        tokens.revoke_target(session, links.PURPOSE, row.id)  # of before 0039
        token = tokens.issue(session, links.PURPOSE, links.LIFE, target=row.id)
    return Handed(reading.disclosed(row, to.version, values), token)


def _log(
    session: Session, row: Disclosure, number: str, to: Known, values: Iterable[Field]
) -> None:
    """Write the fields of an entry, and what the journal says of it."""
    session.add_all(
        DisclosureField(disclosure=row.id, field=one.value, clause=CLAUSES.get(one, ""))
        for one in values
    )
    journal.log_staff_action(
        session,
        staff=row.actor,
        action=HANDED,
        operation=Operation.PROVISION,
        person=row.person,
        what=f"{number} {to.kind} {row.channel}",
        reason=row.reason,
    )


def signed_text(number: str, values: Mapping[Field, str]) -> str:
    """Return what the digest of an entry proves: the personal values, by their fields."""
    personal = {one.value: text for one, text in values.items() if one in CLAUSES}
    return json.dumps([number, personal], ensure_ascii=False, sort_keys=True)


def recipient_of(session: Session, number: int) -> Known:
    """Return a recipient as it is now; raise DisclosureError where there is none."""
    for one in recipients.known(session):
        if one.id == number:
            return one
    raise DisclosureError(_("There is no such recipient."))


def check(
    session: Session, order: ShopOrder, parcel: Parcel, to: Known, how: HandOver
) -> None:
    """Raise DisclosureError unless this recipient may get this parcel's data like this."""
    again = ParcelState(parcel.state) in queries.OUT
    if parcel.state != ParcelState.PACKED and not again:
        raise DisclosureError(_("Only a packed parcel is handed over."))
    if again and parcel.recipient != to.id:
        raise DisclosureError(
            _("Somebody else has this parcel. It has to be brought back first.")
        )
    if (again or parcel.recipient == to.id) and not how.reason.strip():
        raise DisclosureError(_("Say why it is handed over once more."))
    if not to.holds_at(clock.now()):
        raise DisclosureError(_("This recipient is not active, or its contract has ended."))
    if how.channel not in CHANNELS[to.kind]:
        raise DisclosureError(_("This recipient gets no data in this way."))
    consent = session.get_one(FormConsent, order.consent)
    ended = session.scalar(select(FormConsent.id).filter_by(ends=consent.id))
    if ended is not None:
        raise DisclosureError(_("The buyer has withdrawn the consent of this order."))
    if how.purpose != consent.purpose or not recipients.named(session, order, to):
        raise DisclosureError(
            _("The buyer’s consent does not cover this recipient and this purpose.")
        )

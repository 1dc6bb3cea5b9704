"""Proofs about orders: what was asked for, why, and what is left of it after its term."""

from functools import reduce
from operator import add

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, or_, select

from neupusti.core.proofs import columns, triggers
from neupusti.core.proofs.proof import EARLIER, LATER, SOME, AnyProof, Proof
from neupusti.core.records.consents import FormConsent
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import Delivery, ShopOrder

WITH_ADDRESS = [method.value for method in Delivery if method.needs_address]
BLANK = ("family_name", "given_name", "patronymic", "search", "comment")
"""The columns that become empty when the term of the names ends."""
_CONSENTS = (
    select(ShopOrder.placed_at, FormConsent.at, FormConsent.form, FormConsent.ends)
    .join(FormConsent, FormConsent.id == ShopOrder.consent)
    .subquery()
)
_PARTS = (
    *(OrderAddress.city, OrderAddress.street, OrderAddress.house),
    *(OrderAddress.flat, OrderAddress.postcode),
)
_ADDRESSES = (
    select(
        ShopOrder.delivery,
        ShopOrder.identity_ended_at,
        OrderAddress.order.label("addressed"),
        reduce(add, _PARTS).label("address"),
    )
    .outerjoin(OrderAddress, OrderAddress.order == ShopOrder.id)
    .subquery()
)
_EVENTS = (
    select(OrderEvent.reason, ShopOrder.identity_ended_at)
    .join(ShopOrder, ShopOrder.id == OrderEvent.order)
    .subquery()
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("2.1", "3.1"),
        name="orders-with-consent",
        says=_("Each order carries the consent of its own form, given before it was sent."),
        rows=_CONSENTS,
        wrong=lambda rows: or_(
            rows.c.at > rows.c.placed_at, rows.c.form != "order", rows.c.ends.is_not(None)
        ),
        forged={"placed_at": EARLIER, "at": LATER, "form": "order"},
        right={"placed_at": LATER, "at": EARLIER, "form": "order"},
    ),
    Proof(
        clauses=("3.2.2",),
        name="phones-of-orders",
        says=_("Each order has a phone in the one international form until its term ends."),
        rows=ShopOrder,
        wrong=lambda rows: or_(
            columns.no_phone(rows.c.phone),
            rows.c.phone.not_like("%" + rows.c.phone_end),
            and_(rows.c.phone.is_(None), rows.c.identity_ended_at.is_(None)),
        ),
        forged={"phone": "+77010000001", "phone_end": "0002"},
        right={"phone": "+77010000001", "phone_end": "0001"},
    ),
    Proof(
        clauses=("3.2.3",),
        name="keys-of-orders",
        says=_("Each order is found by the e-mail of its buyer."),
        rows=ShopOrder,
        # Of an order whose buyer had their data destroyed there is neither.
        wrong=lambda rows: and_(
            columns.no_key(rows.c.email, rows.c.email_key),
            or_(
                rows.c.identity_ended_at.is_(None),
                rows.c.email != "",
                rows.c.email_key != "",
            ),
        ),
        forged={"email": "a@example.kz", "email_key": "b@example.kz"},
        right={"email": "A@example.kz", "email_key": "a@example.kz"},
    ),
    Proof(
        clauses=("3.2.4", "3.2.5"),
        name="addresses-where-needed",
        says=_("An order has an address exactly where its way of delivery needs one."),
        rows=_ADDRESSES,
        wrong=lambda rows: (
            rows.c.delivery.in_(WITH_ADDRESS) != rows.c.addressed.is_not(None)
        ),
        forged={"delivery": Delivery.PICKUP.value, "addressed": SOME},
        right={"delivery": Delivery.COURIER.value, "addressed": SOME},
    ),
    Proof(
        clauses=("3.2.5", "5.1"),
        name="addresses-destroyed",
        says=_("Of the address of an order past its term nothing but the region is left."),
        rows=_ADDRESSES,
        wrong=lambda rows: and_(
            rows.c.identity_ended_at.is_not(None), rows.c.address != ""
        ),
        forged={"identity_ended_at": LATER, "address": "Almaty"},
        right={"identity_ended_at": LATER, "address": ""},
    ),
    Proof(
        clauses=("3.2.1", "5.1"),
        name="names-destroyed",
        says=_("Of the names and the phone of an order past its term nothing is left."),
        rows=ShopOrder,
        wrong=lambda rows: and_(
            rows.c.identity_ended_at.is_not(None),
            or_(
                *(rows.c[name] != "" for name in BLANK),
                rows.c.phone.is_not(None),
                rows.c.phone_end.is_not(None),
            ),
        ),
        forged={"identity_ended_at": LATER, "phone_end": "0001"},
        right={"identity_ended_at": LATER},
    ),
    Proof(
        clauses=("3.4", "5.1"),
        name="words-destroyed",
        says=_("Of what staff wrote about an order past its term nothing is left."),
        rows=_EVENTS,
        wrong=lambda rows: and_(rows.c.identity_ended_at.is_not(None), rows.c.reason != ""),
        forged={"identity_ended_at": LATER, "reason": "words"},
        right={"identity_ended_at": LATER, "reason": ""},
    ),
    Proof(
        clauses=("2.4", "4.1.2"),
        name="orders-of-proved-addresses",
        says=_("No order is in an account whose owner has not proved its e-mail."),
        rows=ShopOrder,
        wrong=lambda rows: and_(
            rows.c.person.is_not(None), rows.c.email_proved_at.is_(None)
        ),
        forged={"person": SOME},
        right={"person": SOME, "email_proved_at": EARLIER},
    ),
    triggers.kept_check(
        ("order_event", "payment_entry"),
        clauses=("4.1.2",),
        name="events-kept",
        says=_("The database itself refuses to change the history of an order."),
    ),
)

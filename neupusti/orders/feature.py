"""The manifest of orders."""

from flask_babel import lazy_gettext as _

from neupusti.core.feature import (
    Feature,
    Holding,
    IndefiniteRetention,
    Page,
    Place,
    Retention,
)
from neupusti.core.rules import OWNER, PUBLIC
from neupusti.orders.models.fulfilment import (
    GoodsReturn,
    OrderEvent,
    Parcel,
    ParcelLine,
    PaymentEntry,
    ReturnLine,
)
from neupusti.orders.models.order import OrderAddress, OrderLine, ShopOrder
from neupusti.orders.service import basket, letters
from neupusti.orders.views import basket as basket_views
from neupusti.orders.views import changes, checkout, find, order
from neupusti.orders.views.blueprint import bp

VIEWS = (basket_views, checkout, order, changes, find)
"""Importing a view module registers its routes on the blueprint."""

ORDER_DAYS = 5 * 366
"""Five years, as books and their vouchers are kept."""
IDENTITY_DAYS = 90
"""The law gives 14 days for a return; the rest is for a dispute about it."""
PARTS = (
    *(OrderLine, OrderAddress, Parcel, ParcelLine),
    *(OrderEvent, PaymentEntry, GoodsReturn, ReturnLine),
)
"""Tables whose rows go with their order."""

FEATURE = Feature(
    name="orders",
    clauses=("3.1", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.5", "4.1.1", "4.1.6"),
    blueprint=bp,
    access={
        "orders.address": PUBLIC,
        "orders.ask_return": PUBLIC,
        "orders.basket": PUBLIC,
        "orders.cancel": PUBLIC,
        "orders.cancel_order": PUBLIC,
        "orders.change_address": PUBLIC,
        "orders.change_basket": PUBLIC,
        "orders.checkout": PUBLIC,
        "orders.find": PUBLIC,
        "orders.link": PUBLIC,
        "orders.link_sent": PUBLIC,
        "orders.mine": OWNER,
        "orders.place_order": PUBLIC,
        "orders.send_link": PUBLIC,
        "orders.send_return": PUBLIC,
        "orders.show": PUBLIC,
    },
    pages=(
        Page(
            endpoint="orders.basket",
            label=_("Basket"),
            places=frozenset({Place.HEADER}),
            listed=False,
        ),
        Page(
            endpoint="orders.mine",
            label=_("My orders"),
            places=frozenset({Place.ACCOUNT}),
            listed=False,
        ),
    ),
    cookies=(basket.COOKIE,),
    emails=letters.ALL,
    holdings=tuple(Holding(model=model) for model in (ShopOrder, *PARTS)),
    retention=(
        Retention(
            label=_("An order: goods, sums and events"),
            clause="4.1.1",
            start_label=_("from its end"),
            model=ShopOrder,
            starts_at=ShopOrder.ended_at,
            days=ORDER_DAYS,
        ),
        Retention(
            label=_("The phone and the address of an order"),
            clause="3.2.5",
            start_label=_("from its end"),
            model=ShopOrder,
            starts_at=ShopOrder.ended_at,
            days=IDENTITY_DAYS,
            masked=True,
            custom_sweep=True,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("The lines, parcels, events, payments and returns of an order"),
            clause="4.1.1",
            until=_("with the order"),
            models=PARTS,
        ),
    ),
)

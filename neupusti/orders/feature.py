"""The manifest of orders."""

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import Holding, IndefiniteRetention, Retention
from neupusti.core.rules import ORDERS, OWNER, PUBLIC
from neupusti.orders import proofs
from neupusti.orders.models import states
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import (
    GoodsReturn,
    OrderEvent,
    Parcel,
    ParcelLine,
    PaymentEntry,
    ReturnLine,
)
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.orders.queries import holds, lists
from neupusti.orders.service import (
    attaching,
    basket,
    clocks,
    delivery,
    masking,
    moves,
    reading,
)
from neupusti.orders.service import emails as order_emails
from neupusti.orders.views import basket as basket_views
from neupusti.orders.views import (
    board,
    changes,
    checkout,
    cli,
    desk,
    find,
    links,
    order,
    packing,
    words,
)
from neupusti.orders.views.blueprint import bp

VIEWS = (
    *(basket_views, checkout, order, changes, find, links, cli),
    *(board, desk, packing),
)
"""Importing a view module registers its routes and commands on the blueprint."""
RECEIVERS = (attaching,)
"""Importing it connects its receiver to the signal of accounts."""
ORDER_DAYS = 5 * 366
"""Five years, as books and their vouchers are kept."""
PARTS = (
    *(OrderLine, OrderAddress, Parcel, ParcelLine),
    *(OrderEvent, PaymentEntry, GoodsReturn, ReturnLine),
)
"""Tables whose rows go with their order."""

FEATURE = Feature(
    name="orders",
    clauses=(
        *("3.1", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.5"),
        *("4.1.1", "4.1.2", "4.1.3", "4.1.6", "4.1.7"),
    ),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        **dict.fromkeys(
            (
                *("orders.board", "orders.search", "orders.packing", "orders.desk"),
                *("orders.open_buyer", "orders.confirm", "orders.cancel_by_staff"),
                *("orders.pack", "orders.move_parcel", "orders.collect"),
                *("orders.take_back", "orders.answer_return", "orders.receive_return"),
                *("orders.enter_payment", "orders.add_note"),
                *("orders.new_address", "orders.save_address"),
            ),
            ORDERS,
        ),
        "orders.address": PUBLIC,
        "orders.ask_return": PUBLIC,
        "orders.basket": PUBLIC,
        "orders.cancel": PUBLIC,
        "orders.cancel_order": PUBLIC,
        "orders.change_address": PUBLIC,
        "orders.change_basket": PUBLIC,
        "orders.checkout": PUBLIC,
        "orders.find": PUBLIC,
        "orders.link_sent": PUBLIC,
        "orders.mine": OWNER,
        "orders.open_link": PUBLIC,
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
    emails=order_emails.ALL,
    staff_actions=(
        *(moves.MOVED, moves.CHANGED, moves.BLOCKED),
        *(reading.SEARCHED, reading.OPENED),
    ),
    admin_menu=(MenuItem(endpoint="orders.board", label=_("Orders")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("New orders to confirm"),
            open=lists.count_new,
            endpoint="orders.board",
        ),
        Duty(
            clause="6.2.1",
            label=_("Invoices that are not paid yet"),
            open=lists.count_due,
            endpoint="orders.board",
        ),
        Duty(
            clause="6.2.1",
            label=_("Returns to answer or to take in"),
            open=lists.count_returns,
            endpoint="orders.board",
        ),
    ),
    jobs=(
        Job(name="invoices", every=clocks.EVERY, run=clocks.run),
        Job(name="order identities", every=masking.EVERY, run=masking.run),
    ),
    codes={
        "shop_order.state": states.LABELS,
        "shop_order.delivery": delivery.DELIVERY_NAMES,
        "shop_order.payment": delivery.PAYMENT_NAMES,
        "parcel.state": words.PARCELS,
        "order_event.what": moves.WHAT_LABELS,
        "goods_return.state": words.RETURNS,
    },
    holdings=(
        Holding(
            model=ShopOrder,
            label=_("Your orders"),
            emptied_at=ShopOrder.identity_ended_at,
        ),
        Holding(model=OrderLine, label=_("The goods of your orders")),
        Holding(model=OrderAddress, label=_("The addresses of delivery")),
        Holding(model=Parcel, label=_("The parcels of your orders")),
        Holding(model=ParcelLine, label=_("What is in each parcel")),
        Holding(model=OrderEvent, label=_("What happened to your orders")),
        Holding(model=PaymentEntry, label=_("The payments of your orders")),
        Holding(model=GoodsReturn, label=_("The returns you asked for")),
        Holding(model=ReturnLine, label=_("The goods of each return")),
    ),
    retention=(
        Retention(
            label=_("An order: goods, sums and events"),
            clause="4.1.1",
            start_label=_("from its end"),
            model=ShopOrder,
            starts_at=ShopOrder.ended_at,
            days=ORDER_DAYS,
        ),
        masking.RULE,
    ),
    needs_data=lists.open_numbers,
    holds=holds.ALL,
    indefinite=(
        IndefiniteRetention(
            label=_("The lines, parcels, events, payments and returns of an order"),
            clause="4.1.1",
            until=_("with the order"),
            models=PARTS,
        ),
    ),
)

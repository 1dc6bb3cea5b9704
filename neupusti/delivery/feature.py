"""The manifest of the hand-over."""

from flask_babel import lazy_gettext as _

from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import (
    STAFF_ORDER,
    Fate,
    Holding,
    IndefiniteRetention,
    Retention,
)
from neupusti.core.rules import ANY_STAFF, ORDERS, PRIVACY, PUBLIC
from neupusti.delivery import proofs, queries
from neupusti.delivery.models import CourierVisit, Disclosure, DisclosureField
from neupusti.delivery.service import disclosing, editing, fields
from neupusti.delivery.views import cli, courier, handover, public, recipients
from neupusti.delivery.views.blueprint import bp
from neupusti.orders.models.recipient import Recipient, RecipientVersion

VIEWS = (courier, public, recipients, handover, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
VISIT_DAYS = 365

FEATURE = Feature(
    name="delivery",
    clauses=("1.1.4", "5.2", "6.2.2"),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "delivery.courier": PUBLIC,
        "delivery.open_parcel": PUBLIC,
        "delivery.move_by_courier": PUBLIC,
        "delivery.public": PUBLIC,
        "delivery.recipients": ANY_STAFF,
        **dict.fromkeys(
            (
                *("delivery.new_recipient", "delivery.add_recipient"),
                *("delivery.recipient", "delivery.change_recipient"),
            ),
            PRIVACY,
        ),
        **dict.fromkeys(
            (
                *("delivery.waiting", "delivery.hand_over"),
                *("delivery.ask_address", "delivery.readdress"),
            ),
            ORDERS,
        ),
    },
    pages=(
        Page(
            endpoint="delivery.public",
            label=_("Who gets your data"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    staff_actions=(disclosing.HANDED, editing.CHANGED),
    admin_menu=(MenuItem(endpoint="delivery.recipients", label=_("Recipients")),),
    duties=(
        Duty(
            clause="6.2.2",
            label=_("Active recipients without a contract in force"),
            open=queries.count_ended,
            endpoint="delivery.recipients",
        ),
    ),
    codes={
        "disclosure.channel": fields.CHANNEL_LABELS,
        "disclosure_field.field": fields.LABELS,
    },
    holdings=(
        Holding(model=Disclosure, fate=Fate.COLUMNS),
        Holding(
            model=DisclosureField,
            label=_("The fields that each of them got"),
            fate=Fate.EVIDENCE,
        ),
        Holding(model=CourierVisit, fate=Fate.EVIDENCE),
        Holding(model=RecipientVersion, order=STAFF_ORDER, fate=Fate.EVIDENCE),
    ),
    retention=(
        Retention(
            label=_("When a courier opened the link to your parcel"),
            clause="5.2",
            start_label=_("from then on"),
            model=CourierVisit,
            starts_at=CourierVisit.at,
            days=VISIT_DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("The ledger of who got which fields of an order"),
            clause="5.2",
            until=_("with the order"),
            models=(Disclosure, DisclosureField),
        ),
        IndefiniteRetention(
            label=_("Recipients of data, and who on the staff changed them"),
            clause="5.2",
            until=_("as long as a hand-over may have to be proved"),
            models=(Recipient, RecipientVersion),
        ),
    ),
)

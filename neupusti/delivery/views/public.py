"""Who gets data of orders, for everybody, and who got them, for the buyer (5.2)."""

from typing import Any

from flask import render_template
from werkzeug.wrappers import Response

from neupusti.core.text import countries, languages
from neupusti.core.web import page_cache
from neupusti.delivery import queries
from neupusti.delivery.models import CLAUSES
from neupusti.delivery.service import fields
from neupusti.delivery.views.blueprint import bp
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import KINDS, RecipientKind
from neupusti.orders.queries import recipients
from neupusti.orders.queries.recipients import Known
from neupusti.orders.service.delivery import DELIVERY_NAMES


@bp.get("/policy/recipients/")
def public() -> Response:
    """Show every recipient: country, whether data cross the border, and which they are."""
    known = recipients.active()
    versions = tuple(one.version.id for one in known)
    return page_cache.public("recipients", versions, render=lambda: _render(known))


@bp.app_template_global()
def hand_overs(order: ShopOrder) -> dict[str, Any]:
    """Return what the ledger of an order shows on its page, which knows nothing of it."""
    return {
        "entries": queries.ledger(order.id),
        "countries": countries.names(languages.current()),
        "labels": fields.LABELS,
        "channels": fields.CHANNEL_LABELS,
        "language": languages.current(),
    }


@bp.app_template_global()
def hand_over_to(order: ShopOrder) -> list[tuple[int, str]]:
    """Return the recipients to whom parcels of an order may go: number and name."""
    return [
        (one.id, one.version.name(languages.current())) for one in queries.suitable(order)
    ]


def _render(known: list[Known]) -> str:
    by_kind = {kind: [one for one in known if one.kind is kind] for kind in RecipientKind}
    return render_template(
        "delivery/recipients.html",
        by_kind={kind: rows for kind, rows in by_kind.items() if rows},
        kinds=fields.KIND_LABELS,
        methods={
            kind: [DELIVERY_NAMES[one] for one, kinds in KINDS.items() if kind in kinds]
            for kind in RecipientKind
        },
        listed=lambda one: fields.in_order(fields.listed(one)),
        labels=fields.LABELS,
        clauses=CLAUSES,
        countries=countries.names(languages.current()),
    )

"""Which campaign brought a buyer: a cookie of those who agreed to marketing (3.3.1).

The first campaign counts for 30 days; the server keeps a number for each, and nobody's
name. Without the consent the parameters of an address are neither read nor kept.
"""

import re
from datetime import timedelta

from flask import has_request_context, request
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.data.database import insert
from neupusti.core.feature import Category, Cookie
from neupusti.core.web import choice, cookies
from neupusti.newsletter.models import CampaignOrders
from neupusti.newsletter.views.blueprint import bp
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.signals import order_placed

CAMPAIGN = Cookie(
    name="campaign",
    category=Category.MARKETING,
    purpose=_(
        "Remembers which newsletter or advertisement led you here first, so that orders "
        "can be counted by it."
    ),
    lifetime=timedelta(days=30),
)
PARAMETERS = ("utm_source", "utm_medium", "utm_campaign")
NAME = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
VALUE = re.compile(r"[A-Za-z0-9_-]{1,36}(?:\.[A-Za-z0-9_-]{1,36}){0,2}", re.ASCII)


@bp.after_app_request
def _remember(response: Response) -> Response:
    """Set the cookie on a page that a campaign led to, where the visitor agreed to it."""
    if b"utm_campaign=" not in request.query_string or request.method != "GET":
        return response
    if not choice.current().allows(CAMPAIGN.category) or cookies.value_of(CAMPAIGN):
        return response
    found = [name for one in PARAMETERS if (name := request.args.get(one))]
    if found and all(map(NAME.fullmatch, found)):
        cookies.put(response, CAMPAIGN, ".".join(found))
    return response


@order_placed.connect
def _count(_order: ShopOrder, *, session: Session) -> None:
    """Count an order for the campaign of this browser."""
    campaign = cookies.value_of(CAMPAIGN) if has_request_context() else None
    if campaign is None or not VALUE.fullmatch(campaign):
        return
    new = insert(session, CampaignOrders)
    more = {"orders": CampaignOrders.orders + 1, "last_at": new.excluded.last_at}
    counted = new.on_conflict_do_update(index_elements=["campaign"], set_=more)
    row = {"campaign": campaign, "orders": 1, "last_at": clock.now()}
    session.execute(counted, row)

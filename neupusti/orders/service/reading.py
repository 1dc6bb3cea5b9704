"""Log what staff read of buyers: each search, and each opening of their data (1.1.1)."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.database import writing
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action
from neupusti.orders.models.order import ShopOrder

SEARCHED = StaffActionType("orders.searched", _("Searched for orders"))
OPENED = StaffActionType("orders.opened", _("Opened the buyer's data of an order"))


def log_search(found: int, *, staff: int) -> None:
    """Log a search without its query, which is personal."""
    with writing() as session:
        log_staff_action(
            session,
            staff=staff,
            action=SEARCHED,
            operation=Operation.RETRIEVAL,
            what=f"{found} found",
        )


def log_opening(order: ShopOrder, *, staff: int) -> None:
    """Log that the names, the phone, the address and the words of a buyer are opened."""
    number, person = order.number, order.person
    with writing() as session:
        log_staff_action(
            session,
            staff=staff,
            action=OPENED,
            operation=Operation.ACCESS,
            person=person,
            what=number,
        )

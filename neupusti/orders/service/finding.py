"""Find an order by number and email: the same answer and the same work, found or not."""

from secrets import token_urlsafe

from sqlalchemy import select

from neupusti.core.data.database import writing
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.security import throttle
from neupusti.core.text import emails, order_numbers
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import emails as order_emails
from neupusti.orders.service import limits, links


def find(number: str, email: str, language: Language, network: str) -> None:
    """Email a link of 24 hours if there is such an order of that address.

    Raise OrderNumberError for what is no number (`mistyped`: check the last sign) and
    TooManyError; neither depends on whether there is such an order. The view pads the time
    of its response.
    """
    wanted = order_numbers.parse(number)
    with writing() as session:
        refusal = throttle.refusal(session, *limits.of_search(network, email, wanted))
    if refusal is not None:
        raise refusal
    with writing() as session:
        order = session.scalar(
            select(ShopOrder).filter_by(number=wanted, email_key=emails.key(email))
        )
        _row, token = links.issue_row(session, order.id if order else 0, links.FIND_LIFE)
        to = Recipient(
            email=order.email if order else email,
            language=language,
            person=order.person if order else None,
        )
        key = f"{order_emails.FIND.name}:{token_urlsafe(18)}"
        values = {"number": wanted, "token": token}
        enqueue(session, order_emails.FIND, to, key=key, values=values)
        if order is None:
            # The same was written; nothing of it stays.
            session.rollback()

"""Returns: a buyer asks, staff decide, and each piece comes back once."""

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.orders.models.fulfilment import (
    GoodsReturn,
    ParcelState,
    ReturnLine,
    ReturnState,
)
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.service import emails, moves
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import steps
from neupusti.orders.service.moves import Press, What

LONGEST = 2000
"""Characters of a buyer's words."""


def ask(press: Press, pieces: Mapping[int, int], words: str) -> int:
    """Ask to return pieces (line -> number); return the number of the return.

    Only what was delivered and is not asked for already. The term of 14 days and the
    exceptions of the law are shown, not enforced: defective goods can always come back.
    Past the term of the order without `words`: they were destroyed (5.1), once.
    """
    if len(words) > LONGEST:
        raise MoveError(_("Shorten it to 2,000 characters."))
    with writing() as session:
        order = moves.begin(session, press)
        everything = details.of(session, order)
        left = {line.id: everything.left_to_return(line) for line in everything.lines}
        rows = steps.chosen(everything.lines, pieces, left)
        kept = words.strip() if order.identity_ended_at is None else ""
        wish = _store(session, order, rows, kept, ReturnState.ASKED)
        moved = "", wish.state
        moves.report(session, order, What.RETURN, press.actor, moved=moved)
        values = emails.goods(order, everything.lines, pieces)
        emails.send(session, emails.RETURN_ASKED, order, values)
        return wish.id


def answer(press: Press, goods_return: int, *, accept: bool, reason: str = "") -> None:
    """Accept or refuse a return; a refusal needs a reason, which the buyer reads."""
    to = ReturnState.ACCEPTED if accept else ReturnState.REFUSED
    if not accept:
        steps.with_reason(reason)
    with writing() as session:
        order = moves.begin(session, press)
        _move(session, order, goods_return, to, press, reason.strip())
        values = {"accepted": accept, "reason": reason.strip()}
        emails.send(session, emails.RETURN_ANSWERED, order, values)


def receive(press: Press, goods_return: int, restock: Mapping[int, bool]) -> None:
    """Take the goods of an accepted return back; `restock`: line -> sold again or not."""
    with writing() as session:
        order = moves.begin(session, press)
        wish = _move(session, order, goods_return, ReturnState.RECEIVED, press, "")
        _take_in(session, order, wish, restock, press)


def take_back(press: Press, parcel: int, restock: Mapping[int, bool]) -> None:
    """Take a refused parcel back: `restock` says of each line whether it is sold again."""
    with writing() as session:
        order = moves.begin(session, press)
        found = steps.parcel_of(session, order, parcel)
        before = steps.set_state(session, found, ParcelState.RETURNED, press)
        everything = details.of(session, order)
        pieces = next(p for row, p in everything.parcels if row.id == parcel)
        rows = [(x, pieces[x.id]) for x in everything.lines if x.id in pieces]
        wish = _store(session, order, rows, "", ReturnState.RECEIVED)
        moves.report(
            session,
            order,
            What.MOVED,
            press.actor,
            moved=(before, ParcelState.RETURNED),
            parcel=parcel,
        )
        _take_in(session, order, wish, restock, press)


def _store(
    session: Session,
    order: ShopOrder,
    rows: Sequence[tuple[OrderLine, int]],
    words: str,
    state: ReturnState,
) -> GoodsReturn:
    wish = GoodsReturn(order=order.id, asked_at=clock.now(), words=words, state=state.value)
    session.add(wish)
    session.flush()
    session.add_all(
        ReturnLine(goods_return=wish.id, line=line.id, quantity=count, restock=False)
        for line, count in rows
    )
    session.flush()
    return wish


def _move(  # noqa: PLR0913, PLR0917 - a move is all of these
    session: Session,
    order: ShopOrder,
    number: int,
    to: ReturnState,
    press: Press,
    reason: str,
) -> GoodsReturn:
    wish: GoodsReturn | None = session.scalar(
        select(GoodsReturn).filter_by(id=number, order=order.id)
    )
    if wish is None:
        raise MoveError(moves.NO_MOVE)
    before = ReturnState(wish.state)
    moves.check(moves.RETURNS, (before, to), press.actor)
    wish.state = to.value
    moved = before.value, to.value
    moves.report(session, order, What.RETURN, press.actor, moved=moved, reason=reason)
    return wish


def _take_in(
    session: Session,
    order: ShopOrder,
    wish: GoodsReturn,
    restock: Mapping[int, bool],
    press: Press,
) -> None:
    """Count the pieces of a return as returned, restock them, and tell the buyer."""
    rows = session.execute(
        select(ReturnLine, OrderLine)
        .join(OrderLine, OrderLine.id == ReturnLine.line)
        .where(ReturnLine.goods_return == wish.id)
        .order_by(OrderLine.product, OrderLine.id)
    ).all()
    for back, line in rows:
        steps.count_up(session, line, "returned", back.quantity)
        back.restock = restock.get(line.id, False)
        if back.restock:
            stock.change(session, _movement(back, line, press))
    steps.settle(session, order)
    pieces = {line.id: back.quantity for back, line in rows}
    values = emails.goods(order, [line for _back, line in rows], pieces)
    emails.send(session, emails.RETURNED, order, values)


def _movement(back: ReturnLine, line: OrderLine, press: Press) -> Movement:
    return Movement(
        product=line.product,
        delta=back.quantity,
        kind=MovementKind.RETURNED,
        source=back.id,
        staff=press.actor.number,
    )

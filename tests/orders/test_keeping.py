"""Every state of an order is kept for a named reason, or the order is gone."""

from datetime import timedelta
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import Table, func, select, update

from neupusti.core.data.database import db, writing
from neupusti.core.registry import registry
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.service import masking
from neupusti.retention.service import sweeps
from tests.orders import cast as shop
from tests.times import NOON, Clock

DAY = timedelta(days=1)
TABLE = cast("Table", ShopOrder.__table__)


@pytest.mark.clause("5.1")
@pytest.mark.situation(3, of="rights")
@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("years", [0, 3, 7])
def test_an_order_of_every_state_is_kept_for_a_reason_or_gone(
    app: Flask, at: Clock, *, state: OrderState, ended: bool, years: int
) -> None:
    at(NOON)
    shop.placed((shop.product("T-1"), 1))
    with writing() as session:
        values = {"state": state.value, "ended_at": NOON if ended else None}
        session.execute(update(ShopOrder).values(**values))
    now = NOON + years * 366 * DAY + DAY
    at(now)
    masking.run()
    sweeps.sweep(registry().retention)
    db.session.rollback()
    order = db.session.scalar(select(ShopOrder))
    reasons = {
        one.code
        for one in registry().holds_of(TABLE)
        if db.session.scalar(select(func.count()).where(one.rows(TABLE)))
    }
    if not ended:
        assert (order is not None, reasons) == (True, {"open-order"})
    elif years == 7:
        assert order is None
    else:
        assert order is not None
        assert (order.phone is None) == (years > 0)
        assert "open-order" in reasons if years == 0 else "open-order" not in reasons

"""Several at once: one hand-over, one delivery, and never a parcel with two couriers."""

from dataclasses import replace

import pytest
from flask import Flask

from neupusti.delivery.models import Channel, CourierAction
from neupusti.delivery.service import disclosing, links
from neupusti.delivery.service.disclosing import HandOver
from neupusti.delivery.service.errors import EndedError
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.service.errors import MoveError, StaleError
from neupusti.orders.service.life import changing, parcels
from tests import handing
from tests.delivery import couriers
from tests.delivery.couriers import ready
from tests.orders import cast
from tests.orders.cast import press
from tests.orders.test_races import at_once

PRESSES = 6


def test_staff_who_press_at_once_hand_over_once(app: Flask) -> None:
    number, parcel = ready()
    how = HandOver(
        recipient=handing.recipient(RecipientKind.OWN_COURIER), channel=Channel.LINK
    )
    wanted = [(parcel, press(number).seen)]
    calls = [lambda: disclosing.hand_over(wanted, how, cast.STAFF)] * PRESSES
    results = at_once(app, *calls)
    refused = [one for one in results if isinstance(one, StaleError)]
    assert len(refused) == PRESSES - 1, results
    assert len(couriers.entries()) == 1
    assert cast.holds()


@pytest.mark.clause("5.2")
def test_a_courier_who_presses_many_times_delivers_once(app: Flask) -> None:
    number, parcel = ready()
    token = handing.over(press(number), parcel).token
    letters = len(cast.letters())
    calls = [lambda: links.pressed(token, CourierAction.DELIVERED)] * PRESSES
    assert at_once(app, *calls) == [None] * PRESSES
    assert couriers.deeds() == [CourierAction.DELIVERED]
    assert len(cast.letters()) == letters + 1
    assert cast.holds()


def test_either_the_courier_delivers_or_the_parcel_comes_back(app: Flask) -> None:
    number, parcel = ready()
    token = handing.over(press(number), parcel).token
    now = press(number)
    results = at_once(
        app,
        lambda: links.pressed(token, CourierAction.DELIVERED),
        lambda: parcels.move(now, parcel, ParcelState.PACKED),
    )
    errors = [one for one in results if one is not None]
    assert len(errors) == 1, results
    assert isinstance(errors[0], EndedError | MoveError | StaleError)
    assert couriers.state(number) in {"delivered", "packed"}
    assert cast.holds()


def test_batches_that_share_orders_do_not_wait_for_each_other(app: Flask) -> None:
    orders = [couriers.confirmed(2) for _ in range(2)]
    first, second = ([couriers.packed(one) for one in orders] for _ in range(2))
    how = HandOver(
        recipient=handing.recipient(RecipientKind.OWN_COURIER), channel=Channel.CSV
    )
    seen = [press(one).seen for one in orders]
    one = list(zip(first, seen, strict=True))
    other = list(zip(reversed(second), reversed(seen), strict=True))
    results = at_once(
        app,
        lambda: disclosing.hand_over(one, how, cast.STAFF),
        lambda: disclosing.hand_over(other, how, cast.STAFF),
    )
    assert sorted(isinstance(x, StaleError) for x in results) == [False, True], results
    assert len(couriers.entries()) == 2


def test_either_the_address_changes_or_the_parcel_leaves(app: Flask) -> None:
    number, parcel = ready()
    now = press(number)
    other = replace(cast.ADDRESS, street="Кенесары")
    results = at_once(
        app,
        lambda: changing.change_address(now, other),
        lambda: handing.over(now, parcel),
    )
    changed, handed = results
    assert isinstance(changed, Exception) is not isinstance(handed, Exception), results
    found = cast.address_of(number)
    assert found is not None
    seen = [one.id for one in couriers.entries()]
    assert (found.street, len(seen)) in {("Кенесары", 0), ("Абая", 1)}
    assert cast.holds()

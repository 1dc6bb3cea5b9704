"""Another address on the way: asked for, on record, and the former link ends."""

from dataclasses import replace

import pytest
from flask import Flask

from neupusti.delivery.models import Field
from neupusti.delivery.service import links, readdressing
from neupusti.delivery.service.errors import DisclosureError, EndedError
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import Delivery
from neupusti.orders.service.errors import FrozenError, MoveError
from neupusti.orders.service.life import changing, parcels
from tests import handing
from tests.delivery import couriers
from tests.delivery.couriers import WITH_NOTE, confirmed, packed, ready
from tests.orders import cast
from tests.orders.cast import GUEST, press

OTHER = replace(cast.ADDRESS, street="Кенесары", house="2", flat="")
ANSWER = "Ерлан сможет заехать"


@pytest.mark.clause("5.2")
def test_the_courier_gets_the_new_address_by_a_new_entry(app: Flask) -> None:
    number = confirmed(3)
    first, second = packed(number), packed(number)
    former = handing.over(press(number), first)
    (handed,) = readdressing.readdress(press(number), OTHER, ANSWER)
    with pytest.raises(EndedError):
        links.find(former.token)
    _link, seen = links.opened(handed.token)
    assert (seen[Field.STREET], seen[Field.HOUSE]) == ("Кенесары", "2")
    assert Field.FLAT not in seen.values
    assert [one.reason for one in couriers.entries()] == ["", ANSWER]
    assert cast.letters()[-1].kind == "orders.address"
    states = {parcel.id: parcel.state for parcel, _pieces in cast.seen(number).parcels}
    assert states == {first: "handed_over"}, second
    assert cast.holds()
    assert app.test_cli_runner().invoke(args=["delivery", "verify"]).exit_code == 0


def test_the_buyer_cannot_change_it_any_more(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    for change in (
        lambda: changing.change_address(press(number, GUEST), OTHER),
        lambda: readdressing.readdress(press(number, GUEST), OTHER, ANSWER),
    ):
        with pytest.raises(MoveError):
            change()
    assert len(couriers.entries()) == 1


def test_without_an_answer_nothing_changes(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    with pytest.raises(DisclosureError):
        readdressing.readdress(press(number), OTHER, " ")
    found = cast.address_of(number)
    assert found is not None
    assert found.street == "Абая"


def test_what_is_not_on_its_way_is_not_readdressed(app: Flask) -> None:
    number, parcel = ready()
    with pytest.raises(DisclosureError, match="не в пути"):
        readdressing.readdress(press(number), OTHER, ANSWER)
    handing.over(press(number), parcel)
    changing.freeze(press(number), "Обращение")
    with pytest.raises(FrozenError):
        readdressing.readdress(press(number), OTHER, ANSWER)
    changing.thaw(press(number), "Проверено")
    parcels.move(press(number), parcel, ParcelState.DELIVERED)
    with pytest.raises(DisclosureError, match="не в пути"):
        readdressing.readdress(press(number), OTHER, ANSWER)


def test_a_carrier_is_not_asked(app: Flask) -> None:
    number, parcel = ready(replace(WITH_NOTE, delivery=Delivery.POST))
    handing.over(press(number), parcel)
    with pytest.raises(DisclosureError, match="курьеру магазина"):
        readdressing.readdress(press(number), OTHER, ANSWER)

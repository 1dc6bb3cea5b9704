"""What leaves the shop: the fields of the list, on record, and nothing else."""

import ast
import inspect
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffAction
from neupusti.delivery import queries
from neupusti.delivery.models import ALLOWED, Disclosure, Field
from neupusti.delivery.service import proofs, waybills
from neupusti.delivery.service.errors import DisclosureError
from neupusti.delivery.service.reading import Disclosed
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import Delivery, Payment, ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.service.life import changing, parcels, returning
from neupusti.orders.service.placing import Wish
from neupusti.policy.service import edition_store
from tests import handing
from tests.contracts import sources
from tests.delivery import couriers
from tests.delivery.couriers import NOTE, WITH_NOTE, confirmed, packed, ready
from tests.orders import cast
from tests.orders.cast import PICKUP, press
from tests.people import AIGERIM

K = RecipientKind
POST = replace(WITH_NOTE, delivery=Delivery.POST)
INVOICE = replace(WITH_NOTE, payment=Payment.INVOICE)
NAMED = {"number": "", "family_name": "Сериккызы", "given_name": AIGERIM.name}
PLACE = {"region": "KZ-75", "city": "Алматы", "street": "Абая", "house": "10", "flat": "5"}
PLAIN = {"weight": "100"}
EXPECTED: list[tuple[Wish, RecipientKind, dict[str, str]]] = [
    (
        WITH_NOTE,
        K.OWN_COURIER,
        NAMED | PLACE | PLAIN | {"phone": AIGERIM.phone, "note": NOTE, "collect": "2500"},
    ),
    (
        POST,
        K.KAZPOST,
        NAMED
        | PLACE
        | PLAIN
        | {"phone": AIGERIM.phone, "postcode": "050000", "collect": "3000"}
        | {"patronymic": "Болатовна"},
    ),
    (
        WITH_NOTE,
        K.CDEK,
        NAMED
        | PLACE
        | PLAIN
        | {"phone": AIGERIM.phone, "postcode": "050000", "note": NOTE, "collect": "2500"},
    ),
    (
        PICKUP,
        K.PICKUP,
        PLAIN
        | {"number": "", "given_name": AIGERIM.name, "family_initial": "С."}
        | {"phone_end": "0001", "collect": "1000"},
    ),
]


def activated(kind: RecipientKind) -> None:
    """Let a recipient of a kind get parcels, under a contract."""
    couriers.changed(handing.recipient(kind), active=True, contract="Договор 7")


@pytest.mark.clause("5.2")
@pytest.mark.parametrize(("wish", "kind", "wanted"), EXPECTED, ids=[x[1] for x in EXPECTED])
def test_each_recipient_gets_its_fields_and_no_other(
    app: Flask, wish: Wish, kind: RecipientKind, wanted: dict[str, str]
) -> None:
    activated(kind)
    number = confirmed(wish=wish, patronymic="Болатовна")
    parcel = packed(number)
    seen = handing.over(press(number), parcel, kind=kind).disclosed
    values = {field.value: value for field, value in seen.values.items()}
    assert values == wanted | {"number": number}
    assert couriers.entered(seen.entry) == values.keys()
    assert seen.values.keys() <= ALLOWED[kind]
    for field in set(Field) - seen.values.keys():
        with pytest.raises(DisclosureError, match="не получает"):
            seen[field]
    moved = kind is not K.PICKUP
    assert couriers.state(number) == ("handed_over" if moved else "packed")
    assert cast.letters()[-1].kind == ("orders.handed_over" if moved else "orders.ready")
    assert list(proofs.broken(db.session())) == []
    assert cast.holds()


def test_what_is_paid_is_not_collected(app: Flask) -> None:
    number = confirmed(wish=INVOICE)
    changing.enter_payment(press(number), 2500)
    parcel = packed(number)
    seen = handing.over(press(number), parcel).disclosed
    assert Field.COLLECT not in seen.values
    number = confirmed()
    changing.enter_payment(press(number), 2000)
    parcel = packed(number)
    assert handing.over(press(number), parcel).disclosed[Field.COLLECT] == "500"


@pytest.mark.situation(16)
def test_two_parcels_collect_the_sum_once(app: Flask) -> None:
    number = confirmed(3)
    first, second = packed(number, 2), packed(number, 1)
    collected = [
        handing.over(press(number), parcel).disclosed[Field.COLLECT]
        for parcel in (first, second)
    ]
    assert collected == ["3500", "1000"]
    assert sum(map(int, collected)) == cast.order_of(number).total


@pytest.mark.parametrize(
    ("paid", "collected"),
    [(2000, ["1500", "1000"]), (4000, ["", "500"]), (4500, ["", ""]), (5000, ["", ""])],
)
def test_what_is_paid_in_part_is_collected_by_nobody(
    app: Flask, paid: int, collected: list[str]
) -> None:
    number = confirmed(3)
    parts = packed(number, 2), packed(number, 1)
    changing.enter_payment(press(number), paid)
    seen = [handing.over(press(number), one).disclosed for one in parts]
    assert [one.values.get(Field.COLLECT, "") for one in seen] == collected


def test_what_the_second_parcel_brought_is_not_taken_off_the_first(app: Flask) -> None:
    number = confirmed(3)
    first, second = packed(number, 2), packed(number, 1)
    changing.enter_payment(press(number), 2000)
    handing.over(press(number), second)
    parcels.move(press(number), second, ParcelState.DELIVERED)
    changing.enter_payment(press(number), 1000)
    assert handing.over(press(number), first).disclosed[Field.COLLECT] == "1500"


def test_what_was_refused_is_collected_no_more(app: Flask) -> None:
    number = confirmed(3)
    first, second = packed(number, 2), packed(number, 1)
    handing.over(press(number), first)
    parcels.move(press(number), first, ParcelState.REFUSED)
    (line,) = cast.lines_of(number)
    returning.take_back(press(number), first, {line.id: True})
    assert handing.over(press(number), second).disclosed[Field.COLLECT] == "2500"


@pytest.mark.parametrize(
    ("given_back", "collected"), [(0, ["", "1000"]), (1000, ["1000", "1000"])]
)
def test_what_came_back_is_taken_off_what_is_collected_next(
    app: Flask, given_back: int, collected: list[str]
) -> None:
    number = confirmed(4)
    first, *others = packed(number, 2), packed(number, 1), packed(number, 1)
    handing.over(press(number), first)
    parcels.move(press(number), first, ParcelState.DELIVERED)
    changing.enter_payment(press(number), 3500)
    (line,) = cast.lines_of(number)
    wish = returning.ask(press(number, cast.GUEST), {line.id: 1}, "")
    returning.answer(press(number), wish, accept=True)
    returning.receive(press(number), wish, {line.id: True})
    if given_back:
        changing.enter_payment(press(number), -given_back)
    seen = [handing.over(press(number), one).disclosed for one in others]
    assert [one.values.get(Field.COLLECT, "") for one in seen] == collected


def test_a_weight_that_is_not_known_of_every_product_is_left_out(app: Flask) -> None:
    number, parcel = ready()
    (line,) = cast.lines_of(number)
    with writing() as session:
        session.execute(text("DELETE FROM product WHERE id = :id"), {"id": line.product})
    assert Field.WEIGHT not in handing.over(press(number), parcel).disclosed.values


@pytest.mark.clause("1.1.4")
def test_what_is_disclosed_is_made_in_one_place_and_never_changes(app: Flask) -> None:
    number, parcel = ready()
    seen = handing.over(press(number), parcel).disclosed
    with pytest.raises(FrozenInstanceError):
        seen.values = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        seen.values[Field.POSTCODE] = "050000"  # type: ignore[index]
    makers = [
        sources.name(path)
        for path in sources.modules()
        if "Disclosed(" in sources.text(path)
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Disclosed")
    ]
    assert makers == ["neupusti/delivery/service/reading.py"]
    taken = [one for one in vars(waybills).values() if inspect.isfunction(one)]
    own = [one for one in taken if one.__module__ == waybills.__name__]
    for one in own:
        kind = next(iter(inspect.signature(one).parameters.values())).annotation
        assert kind in {Disclosed, Sequence[Disclosed]}, one.__name__


@pytest.mark.clause("1.1.4")
@pytest.mark.clause("6.2.2")
def test_a_hand_over_is_on_record(app: Flask) -> None:
    number, parcel = ready()
    before = press(number)
    seen = handing.over(before, parcel, reason="Едет сегодня").disclosed
    (entry,) = couriers.entries()
    assert (entry.order, entry.parcel, entry.seq) == (before.order, parcel, before.seen + 1)
    assert (entry.actor_kind, entry.actor) == ("staff", cast.DANA)
    assert (entry.channel, entry.purpose) == ("link", "4.1.1")
    in_force = edition_store.current_store().in_force()
    assert (entry.reason, entry.edition) == ("Едет сегодня", in_force)
    (shown,) = queries.ledger(before.order)
    assert shown.recipient.name_en == "the shop's courier"
    assert {*shown.fields} == seen.values.keys()
    db.session.rollback()
    wanted = select(StaffAction).filter_by(action="delivery.handed")
    action = db.session.scalars(wanted).one()
    assert (action.operation, action.reason) == ("provision", "Едет сегодня")
    letter = cast.letters()[-1].text
    assert "курьер магазина, Казахстан" in letter
    for personal in (AIGERIM.phone, "Абая", NOTE):
        assert personal not in f"{letter} {action.what}"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE disclosure SET reason = 'x'",
        "DELETE FROM disclosure",
        "UPDATE disclosure_field SET clause = ''",
        "DELETE FROM disclosure_field",
        "UPDATE recipient_version SET active = NOT active",
        "DELETE FROM recipient_version WHERE recipient = 3",
    ],
)
def test_the_ledger_never_changes(app: Flask, change: str) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    with pytest.raises(DBAPIError, match="never changes"), writing() as session:
        session.execute(text(change))
    db.session.rollback()


def test_the_ledger_goes_with_its_order(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    with writing() as session:
        session.execute(text("DELETE FROM shop_order"))
    for table in ("disclosure", "disclosure_field", "courier_visit"):
        assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608
    db.session.rollback()
    assert db.session.scalars(select(ShopOrder)).all() == []


def test_what_was_changed_behind_the_ledger_is_found(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["delivery", "verify"]).exit_code == 0
    with writing() as session:
        session.execute(text("UPDATE shop_order SET phone = '+77010000009'"))
    told = runner.invoke(args=["delivery", "verify"])
    assert (told.exit_code, told.output) == (
        1,
        f"{number}: entry 1 was about other data\n",
    )
    with writing() as session:
        session.execute(text("UPDATE shop_order SET phone = :x"), {"x": AIGERIM.phone})
    assert list(proofs.broken(db.session())) == []


def test_a_parcel_that_has_a_recipient_and_no_entry_is_found(app: Flask) -> None:
    number, parcel = ready()
    with writing() as session:
        session.execute(text("UPDATE parcel SET recipient = 1, state = 'handed_over'"))
    assert list(proofs.broken(db.session())) == [
        f"{number}: parcel {parcel} has a recipient and no entry"
    ]


def test_another_secret_still_proves_the_ledger(app: Flask) -> None:
    number, parcel = ready()
    handing.over(press(number), parcel)
    former = str(app.config["SECRET_KEY"])
    app.config["SECRET_KEY"], app.config["FORMER_SECRETS"] = "n" * 32, (former,)
    assert list(proofs.broken(db.session())) == []
    assert db.session.scalars(select(Disclosure.digest)).one() not in {"", former}
    assert cast.seen(number).parcels[0][0].state == ParcelState.HANDED_OVER

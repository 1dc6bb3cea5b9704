"""The ten words over every combination of decision, parcels, returns and money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.orders.models.fulfilment import ParcelState, ReturnState
from neupusti.orders.models.order import OrderState
from neupusti.orders.models.states import LABELS, PARTLY, Facts, Status, Word, status
from neupusti.orders.service import moves

P = ParcelState
LIVE = [state for state in ParcelState if state is not P.GONE]


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Any facts that the tables can hold."""
    pieces = draw(st.integers(0, 8))
    parcels: list[tuple[ParcelState, int]] = []
    left = pieces
    while left and draw(st.booleans()):
        count = draw(st.integers(1, left))
        parcels.append((draw(st.sampled_from(LIVE)), count))
        left -= count
    delivered = sum(count for state, count in parcels if state is P.DELIVERED)
    back = sum(count for state, count in parcels if state is P.RETURNED)
    return Facts(
        decision=draw(st.sampled_from(OrderState)),
        pieces=pieces,
        returned=back + draw(st.integers(0, delivered)),
        parcels=parcels,
        paid=draw(st.booleans()),
    )


@given(facts())
def test_every_order_has_one_word(given_facts: Facts) -> None:
    found = status(given_facts)
    kept = given_facts.pieces - given_facts.returned
    count = dict.fromkeys(ParcelState, 0)
    for state, pieces in given_facts.parcels:
        count[state] += pieces
    if given_facts.decision is OrderState.CANCELLED or not given_facts.pieces:
        assert found == Status(Word.CANCELLED)
    elif not kept:
        assert found == Status(Word.RETURNED)
    elif count[P.REFUSED]:
        assert found == Status(Word.REFUSED, count[P.REFUSED] < kept)
    elif not any(count[state] for state in LIVE if state is not P.RETURNED):
        assert found.word in {Word.PAID, Word(given_facts.decision.value)}
        assert (found.word is Word.PAID) == given_facts.paid
    else:
        assert found.word.value in {s.value for s in LIVE if count[s]}
    if found.partly:
        assert found.word in PARTLY
    assert found.label == (PARTLY if found.partly else LABELS)[found.word]


@pytest.mark.parametrize("first", [P.PACKED, P.HANDED_OVER, P.ON_THE_WAY])
@pytest.mark.parametrize("second", [P.HANDED_OVER, P.ON_THE_WAY, P.DELIVERED])
def test_the_furthest_parcel_gives_the_word(
    first: ParcelState, second: ParcelState
) -> None:
    parcels = [(first, 1), (second, 2)]
    found = status(
        Facts(
            decision=OrderState.CONFIRMED, pieces=3, returned=0, parcels=parcels, paid=True
        )
    )
    far = max(first, second, key=list(ParcelState).index)
    assert found == Status(Word(far.value), first is not second)


@pytest.mark.parametrize(
    ("pieces", "returned", "parcels", "word", "partly"),
    [
        (3, 0, [(P.HANDED_OVER, 2)], Word.HANDED_OVER, True),
        (3, 0, [(P.HANDED_OVER, 2), (P.HANDED_OVER, 1)], Word.HANDED_OVER, False),
        (3, 1, [(P.DELIVERED, 3)], Word.DELIVERED, False),
        (3, 1, [(P.DELIVERED, 2)], Word.DELIVERED, True),
        (3, 1, [(P.DELIVERED, 2), (P.RETURNED, 1)], Word.DELIVERED, False),
        (3, 2, [(P.RETURNED, 2), (P.PACKED, 1)], Word.PACKED, False),
        (3, 2, [(P.RETURNED, 2)], Word.CONFIRMED, False),
    ],
)
def test_what_came_back_does_not_count(
    pieces: int,
    returned: int,
    parcels: list[tuple[ParcelState, int]],
    word: Word,
    *,
    partly: bool,
) -> None:
    of = Facts(
        decision=OrderState.CONFIRMED,
        pieces=pieces,
        returned=returned,
        parcels=parcels,
        paid=False,
    )
    assert status(of) == Status(word, partly)


def test_no_move_leads_out_of_an_end() -> None:
    assert not {a for a, _b in moves.DECISION} & {OrderState.CANCELLED}
    assert not {a for a, _b in moves.JOURNEY} & {P.GONE, P.RETURNED}
    assert not {a for a, _b in moves.RETURNS} & {ReturnState.REFUSED, ReturnState.RECEIVED}


def test_every_state_is_reached_by_some_move() -> None:
    assert {b for _a, b in moves.DECISION} == set(OrderState) - {OrderState.NEW}
    assert {b for _a, b in moves.JOURNEY} == set(ParcelState)
    assert {b for _a, b in moves.RETURNS} == set(ReturnState) - {ReturnState.ASKED}


def test_only_deciding_against_an_order_is_open_to_its_buyer() -> None:
    tables = (moves.DECISION, moves.JOURNEY, moves.RETURNS)
    open_ = {
        move for table in tables for move, who in table.items() if moves.Who.BUYER in who
    }
    assert open_ == {
        (OrderState.NEW, OrderState.CANCELLED),
        (OrderState.CONFIRMED, OrderState.CANCELLED),
        (P.PACKED, P.GONE),
    }

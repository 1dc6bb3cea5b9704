"""The basket: a signed cookie, strict about numbers, kind about everything else."""

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neupusti.catalog.models import Product
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db, writing
from neupusti.core.text.languages import Language
from neupusti.orders.service import basket, basket_view
from neupusti.orders.service.basket import Basket, BasketLine
from neupusti.orders.service.basket_view import NoteKind, Shown
from neupusti.orders.service.errors import BasketError
from tests.conftest import SQLITE
from tests.orders import cast

OWN_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
HIGHEST = 2**31 - 1
LINES = st.lists(
    st.builds(
        BasketLine,
        st.integers(1, HIGHEST),
        st.integers(1, 99),
        st.integers(1, HIGHEST),
    ),
    max_size=30,
    unique_by=lambda line: line.product,
)


def view(of: Basket, language: Language = Language.RU) -> Shown:
    db.session.expire_all()
    return basket_view.shown(of, language, clock.today())


@SQLITE
@OWN_FIXTURE
@given(LINES)
def test_a_basket_is_read_as_it_was_written(app: Flask, lines: list[BasketLine]) -> None:
    whole = replace(basket.empty(), lines=tuple(lines))
    value = basket.write(whole)
    assert basket.read(value) == whole
    assert len(value) <= 3500


@SQLITE
@OWN_FIXTURE
@given(LINES, st.integers(0, 2000), st.characters())
def test_a_changed_cookie_is_an_empty_basket(
    app: Flask, lines: list[BasketLine], place: int, other: str
) -> None:
    value = basket.write(replace(basket.empty(), lines=tuple(lines)))
    place %= len(value)
    changed = value[:place] + other + value[place + 1 :]
    assert basket.read(changed).lines == (tuple(lines) if changed == value else ())


@SQLITE
@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "x" * 8192, "A" * 22, "A" * 22 + ".1-1-1.1-1-1", "A" * 22 + ".1-0-1"),
        *(
            "A" * 22 + ".1-100-1",
            "A" * 22 + ".9999999999-1-1",
            "A" * 22 + ".1-1-9999999999",
        ),
        "A" * 22 + "".join(f".{number}-1-1" for number in range(1, 32)),
        "A" * 22 + "".join(f".{number}-1-1" for number in range(1, 1001)),
    ],
)
def test_what_the_site_never_writes_is_empty_even_with_its_signature(
    app: Flask, text: str
) -> None:
    assert basket.read(f"{text}.{keys.keyed(basket.USE, text)}").lines == ()


@SQLITE
def test_no_cookie_is_a_new_basket_each_time(app: Flask) -> None:
    assert basket.read(None).id != basket.read(None).id


@SQLITE
def test_a_former_secret_still_reads_a_basket(app: Flask) -> None:
    line = BasketLine(1, 2, 3)
    old = basket.write(replace(basket.empty(), lines=(line,)))
    present = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = "n" * 32
    assert basket.read(old).lines == ()
    app.config[keys.FORMER] = ("o" * 32, present)
    assert basket.read(old).lines == (line,)


@SQLITE
@pytest.mark.parametrize(
    "texts",
    [
        *(["-5"], ["1e3"], ["2147483648"], ["9" * 400], ["１２"], ["٣"], ["1_0"], [" 3 "]),
        *(["3.0"], [""], [], ["100"], ["+1"], ["1", "1"], ["1", "2"], ["0x1"], ["1\n"]),
    ],
)
def test_a_number_of_pieces_is_one_or_two_digits(app: Flask, texts: list[str]) -> None:
    with pytest.raises(BasketError):
        basket.quantity(texts)


@pytest.mark.parametrize(("text", "pieces"), [("0", 0), ("1", 1), ("07", 7), ("99", 99)])
def test_a_number_of_pieces_is_read(text: str, pieces: int) -> None:
    assert basket.quantity([text]) == pieces


@pytest.mark.situation(9)
def test_situation_09_no_number_grows_beyond_what_a_line_holds(app: Flask) -> None:
    number = cast.product("a")
    with pytest.raises(BasketError):
        basket.quantity(["2147483647"])
    full = cast.filled((number, 99))
    with pytest.raises(BasketError):
        basket.add(full, number, 1)
    with pytest.raises(BasketError):
        basket.put(full, number, HIGHEST)
    assert basket.add(cast.filled((number, 98)), number, 1).pieces == 99


def test_putting_replaces_adding_adds_and_nothing_removes(app: Flask) -> None:
    one, other = cast.product("a", price=700), cast.product("b")
    full = cast.filled((one, 2), (other, 1))
    assert full.lines == (BasketLine(one, 2, 700), BasketLine(other, 1, 1000))
    assert [x.quantity for x in basket.put(full, one, 5).lines] == [5, 1]
    assert [x.quantity for x in basket.add(full, one, 5).lines] == [7, 1]
    assert [x.product for x in basket.put(full, one, 0).lines] == [other]
    assert basket.without(full, one, other).lines == ()
    assert basket.put(full, one, 5).id == full.id


@pytest.mark.parametrize("number", [0, -1, 999, 2**31, 10**30])
def test_a_product_that_is_not_sold_is_not_put(app: Flask, number: int) -> None:
    with pytest.raises(BasketError):
        basket.put(basket.empty(), number, 1)


def test_a_withdrawn_product_is_not_put(app: Flask) -> None:
    number = cast.product("a")
    cast.reprice(number, published=False)
    with pytest.raises(BasketError):
        basket.put(basket.empty(), number, 1)


def test_a_basket_has_at_most_thirty_lines(app: Flask) -> None:
    last = cast.product("a")
    lines = tuple(BasketLine(last + n, 1, 1) for n in range(1, 31))
    with pytest.raises(BasketError):
        basket.put(replace(basket.empty(), lines=lines), last, 1)
    assert len(basket.put(replace(basket.empty(), lines=lines[1:]), last, 1).lines) == 30


def test_what_changed_since_is_said_line_by_line(app: Flask) -> None:
    same, gone, deleted, rose, fell, few, out = (cast.product(x) for x in "abcdefg")
    full = cast.filled(*((x, 5) for x in (same, gone, deleted, rose, fell, few, out)))
    cast.reprice(gone, published=False)
    cast.reprice(rose, price=1500)
    cast.reprice(fell, deal_price=900, deal_until=clock.today())
    cast.placed((few, 8), (out, 10))
    with writing() as session:
        session.delete(session.get_one(Product, deleted))
    shown = view(full)
    kinds = [[note.kind for note in row.notes] for row in shown.rows]
    assert kinds == [
        [],
        [NoteKind.GONE],
        [NoteKind.GONE],
        [NoteKind.ROSE],
        [NoteKind.FELL],
        [NoteKind.ONLY_LEFT],
        [NoteKind.GONE],
    ]
    assert [row.price for row in shown.rows] == [1000, 0, 0, 1500, 900, 1000, 0]
    assert shown.goods == 5 * (1000 + 1500 + 900 + 1000)
    assert not shown.orderable
    assert view(basket.without(full, gone, deleted, few, out)).orderable
    assert view(full, Language.KK).rows[0].name == "Шәйнек a"


def test_what_a_page_shows_is_what_was_seen(app: Flask) -> None:
    number = cast.product("a")
    full = cast.filled((number, 1))
    cast.reprice(number, price=1500)
    shown = view(full)
    again = basket_view.seen(full, shown)
    assert again.lines == (BasketLine(number, 1, 1500),)
    assert view(again).rows[0].notes == ()


def test_showing_a_basket_takes_two_queries_whatever_is_in_it(app: Flask) -> None:
    numbers = [cast.product(f"a{n}") for n in range(6)]
    for count in (1, 6):
        full = cast.filled(*((number, 1) for number in numbers[:count]))
        with cast.counted() as statements:
            view(full)
        assert len(statements) == 2

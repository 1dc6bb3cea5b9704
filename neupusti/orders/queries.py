"""Selects of orders: for the buyer's pages and the board of staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from neupusti.orders.models.fulfilment import (
    GoodsReturn,
    OrderEvent,
    Parcel,
    PaymentEntry,
    ReturnLine,
)
from neupusti.orders.models.order import OrderAddress, OrderLine, ShopOrder
from neupusti.orders.models.states import Status, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All of one order; its page needs nothing else."""

    order: ShopOrder
    lines: Sequence[OrderLine]
    address: OrderAddress | None
    parcels: Sequence[tuple[Parcel, Mapping[int, int]]]
    """Each parcel with its pieces (line -> number), without those unpacked."""
    events: Sequence[OrderEvent]
    """The oldest first."""
    payments: Sequence[PaymentEntry]
    returns: Sequence[tuple[GoodsReturn, Sequence[ReturnLine]]]
    status: Status
    due: int
    """What the order costs without what was cancelled or returned, in tenge."""
    paid: int
    """The sum of the entries of money."""

    def left_to_pack(self, line: OrderLine) -> int:
        """Return how many pieces of a line are in no parcel."""
        raise NotImplementedError

    def left_to_return(self, line: OrderLine) -> int:
        """Return how many delivered pieces are neither returned nor asked for."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One order in a list."""

    order: ShopOrder
    status: Status
    pieces: int
    paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the board shows; empty fields restrict nothing."""

    search: str = ""
    """A number, names (any spelling of case and ё), or the phone's last digits."""
    word: Word | None = None
    delivery: str = ""
    payment: str = ""
    since: date | None = None
    until: date | None = None


def details(number: str) -> Details | None:
    """Return all of an order by its number; the caller has checked the access."""
    raise NotImplementedError


def of_person(person: int, *, page: int = 1, size: int = 20) -> tuple[list[Item], int]:
    """Return the orders of a person, newest first, and how many there are."""
    raise NotImplementedError


def board(wanted: Filter, *, page: int = 1, size: int = 50) -> tuple[list[Item], int]:
    """Return the orders of the board, oldest open first, and how many there are."""
    raise NotImplementedError


def counts() -> dict[Word, int]:
    """Return how many orders are not at their end, by the word people read."""
    raise NotImplementedError

"""The ten words that people read as the state of an order: a pure function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import OrderState


class Word(StrEnum):
    """What people read."""

    NEW = "new"
    CONFIRMED = "confirmed"
    PAID = "paid"
    PACKED = "packed"
    HANDED_OVER = "handed_over"
    ON_THE_WAY = "on_the_way"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETURNED = "returned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the words are computed of; pieces are summed over the lines."""

    decision: OrderState
    pieces: int
    """Ordered and not cancelled."""
    returned: int
    parcels: Sequence[tuple[ParcelState, int]]
    """State and number of pieces of each parcel."""
    paid: bool
    """Whether the entries of money reach the total that is due."""


@dataclass(frozen=True, slots=True)
class Status:
    """The word, and whether it is true of only a part of the order."""

    word: Word
    partly: bool = False

    @property
    def label(self) -> LazyString:
        """What people read."""
        return (PARTLY if self.partly and self.word in PARTLY else LABELS)[self.word]


LABELS: Mapping[Word, LazyString] = {
    Word.NEW: _("new"),
    Word.CONFIRMED: _("confirmed"),
    Word.PAID: _("paid"),
    Word.PACKED: _("packed"),
    Word.HANDED_OVER: _("handed over"),
    Word.ON_THE_WAY: _("on the way"),
    Word.DELIVERED: _("delivered"),
    Word.REFUSED: _("refused"),
    Word.RETURNED: _("returned"),
    Word.CANCELLED: _("cancelled"),
}
PARTLY: Mapping[Word, LazyString] = {
    Word.PACKED: _("partly packed"),
    Word.HANDED_OVER: _("partly handed over"),
    Word.ON_THE_WAY: _("partly on the way"),
    Word.DELIVERED: _("partly delivered"),
    Word.REFUSED: _("partly refused"),
}
TRAVEL = (
    ParcelState.PACKED,
    ParcelState.HANDED_OVER,
    ParcelState.ON_THE_WAY,
    ParcelState.DELIVERED,
)
"""From the nearest to the furthest."""


def status(facts: Facts) -> Status:
    """Return what people read.

    A refusal comes before everything that travels: somebody has to act. Else the parcel
    that is furthest gives the word, and it is partly true where pieces are behind it.
    """
    if facts.decision is OrderState.CANCELLED or not facts.pieces:
        return Status(Word.CANCELLED)
    kept = facts.pieces - facts.returned
    if kept <= 0:
        return Status(Word.RETURNED)
    count = dict.fromkeys(ParcelState, 0)
    for state, pieces in facts.parcels:
        count[state] += pieces
    if refused := count[ParcelState.REFUSED]:
        return Status(Word.REFUSED, refused < kept)
    for state in reversed(TRAVEL):
        if count[state]:
            return Status(Word(state.value), _count_kept(count, state, facts) < kept)
    if facts.paid:
        return Status(Word.PAID)
    return Status(Word(facts.decision.value))


def _count_kept(count: Mapping[ParcelState, int], state: ParcelState, facts: Facts) -> int:
    """Return how many pieces that were not returned are at `state`.

    What came back from the buyer was delivered; what came back refused left its parcel.
    """
    if state is not ParcelState.DELIVERED:
        return count[state]
    from_buyer = facts.returned - count[ParcelState.RETURNED]
    return count[state] - from_buyer

"""Proofs that what is blocked was out of use (6.2.4)."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, Table, and_, or_, select

from neupusti.core import clock
from neupusti.core.blocking import guards
from neupusti.core.blocking.models import DataBlock, Scope
from neupusti.core.data import finding
from neupusti.core.data.finding import Whose
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import while_blocked
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Check, Looking, Proof
from neupusti.core.records.journal import ActorKind
from neupusti.core.registry import registry
from neupusti.delivery.models import Disclosure
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import ShopOrder

BLOCKED = {"from_at": EARLIER, "lifted_at": None}
OVER = {"from_at": EARLIER, "lifted_at": LATER}
OWN_ACTS = [ActorKind.PERSON.value]
"""Who may change an order that is blocked."""


class Standing(NamedTuple):
    """A guard as it should be, and the text of the one that stands."""

    wanted: str
    found: str


def _guards(looking: Looking) -> Iterator[Standing]:
    found = {guard.name: guard.body for guard in guards.standing(looking.main)}
    for guard in guards.guards(registry().guarded, looking.main.dialect):
        yield Standing(guard.body, found.get(guard.name, ""))


def _beside(model: type[Any], *columns: Any) -> Select[Any]:
    """Select `columns` of rows beside each block of everything that covers them."""
    owner = Whose(
        person=cast("int", DataBlock.person), email_key=cast("str", DataBlock.email_key)
    )
    table = cast("Table", model.__table__)
    beside = select(*columns, DataBlock.from_at, DataBlock.lifted_at)
    beside = beside.join_from(table, DataBlock, finding.own(table, owner))
    whole = DataBlock.scope == Scope.ALL.value  # no mutation: made before a mutant
    return beside.where(whole)  # no mutation: the same


def _amid(rows: Any, at: str) -> Any:
    """Return that something happened while its row was blocked."""
    return and_(
        rows.c[at] >= rows.c.from_at,
        or_(rows.c.lifted_at.is_(None), rows.c[at] < rows.c.lifted_at),
    )


_BLOCKED_ORDERS = _beside(ShopOrder, ShopOrder.id).subquery()
_SENT = (
    _beside(OutboxEmail, OutboxEmail.next_at, OutboxEmail.kind)
    .where(OutboxEmail.state == OutboxState.SENT.value)
    .subquery()
)
_HANDED = (
    select(Disclosure.at, _BLOCKED_ORDERS.c.from_at, _BLOCKED_ORDERS.c.lifted_at)
    .join(_BLOCKED_ORDERS, _BLOCKED_ORDERS.c.id == Disclosure.order)
    .subquery()
)
_CHANGED = (
    select(
        OrderEvent.at,
        OrderEvent.actor_kind,
        _BLOCKED_ORDERS.c.from_at,
        _BLOCKED_ORDERS.c.lifted_at,
    )
    .join(_BLOCKED_ORDERS, _BLOCKED_ORDERS.c.id == OrderEvent.order)
    .subquery()
)

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("6.2.4",),
        name="checks-of-blocks-end",
        says=_("No block of the Data lasts longer than its check may take."),
        rows=DataBlock,
        wrong=lambda rows: and_(rows.c.lifted_at.is_(None), rows.c.due < clock.today()),
        forged={"due": EARLIER.date()},
        right={"due": EARLIER.date(), "lifted_at": EARLIER},
    ),
    Check(
        clauses=("6.2.4",),
        name="blocks-are-guarded",
        says=_("The database itself refuses to change or destroy blocked Data."),
        items=_guards,
        wrong=lambda guard: guard.wanted != guard.found,
        forged=lambda: Standing("BEGIN", ""),
        right=lambda: Standing("BEGIN", "BEGIN"),
    ),
    Proof(
        clauses=("6.2.4",),
        name="no-news-to-the-blocked",
        says=_("While the Data are blocked only e-mails about rights and sign-ins leave."),
        rows=_SENT,
        wrong=lambda rows: and_(
            # What left before its block may be accepted after it.
            _amid(rows, "next_at"),
            rows.c.kind.not_in(while_blocked()),
        ),
        forged={**BLOCKED, "next_at": EARLIER, "kind": "orders.confirmed"},
        right={**OVER, "next_at": LATER, "kind": "orders.confirmed"},
    ),
    Proof(
        clauses=("6.2.4",),
        name="no-hand-over-of-the-blocked",
        says=_("Nobody who delivers was given blocked Data."),
        rows=_HANDED,
        wrong=lambda rows: _amid(rows, "at"),
        forged={**BLOCKED, "at": EARLIER},
        right={**OVER, "at": LATER},
        secrecy=True,
    ),
    Proof(
        clauses=("6.2.4",),
        name="no-change-of-the-blocked",
        says=_("While an order is blocked only its buyer has changed it."),
        rows=_CHANGED,
        wrong=lambda rows: and_(_amid(rows, "at"), rows.c.actor_kind.not_in(OWN_ACTS)),
        forged={**BLOCKED, "at": EARLIER, "actor_kind": ActorKind.STAFF.value},
        right={**BLOCKED, "at": EARLIER, "actor_kind": ActorKind.PERSON.value},
    ),
)

"""Rate limits, counted in the database: they hold over all processes.

Each limit counts by a key (an account, a network, everybody). Exceeding it locks the key
for the period of the limit, and for twice as long each time it happens again, up to the
longest wait of the limit. Keys are
stored as keyed hashes: no address is stored here (1.1.8).
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from flask_babel import LazyString
from sqlalchemy import Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.core import clock
from neupusti.core.data import database, keys
from neupusti.core.data.classification import Moment, impersonal
from neupusti.core.data.database import Base, db, writing
from neupusti.core.web.errors import TRY_AGAIN_AT, TooManyError

MAX_WAIT = timedelta(days=1)
"""The longest wait of any limit."""
NO_WAIT = timedelta()
V4_NETWORK, V6_NETWORK = 24, 56
MAX_KEYS = 10_000  # no mutation: any bound will do
"""How many keys a ProcessLimit holds; the least recently used is dropped first."""


@dataclass(frozen=True, slots=True, order=True)
class RateLimit:
    """At most `times` uses in each period of `per`; a wait lasts `longest` at most."""

    name: str
    times: int
    per: timedelta
    longest: timedelta = MAX_WAIT
    message: LazyString = field(default=TRY_AGAIN_AT, compare=False)
    """What the page says, with the `time` when it ends."""


RateUse = tuple[RateLimit, str]
"""A use of a limit by a key."""


class ThrottleCount(Base):
    """The uses of one limit by one key."""

    __tablename__ = "throttle_count"

    key: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    since: Mapped[Moment]
    count: Mapped[int] = mapped_column(Integer, info=impersonal())
    strikes: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How often the limit was exceeded without a quiet period in between."""
    shut_until: Mapped[Moment | None]
    touched_at: Mapped[Moment] = mapped_column(index=True)


def take(*uses: RateUse) -> None:
    """Count one use of each limit by its key, in a transaction of its own.

    Raise TooManyError, with the longest wait, where a key is or becomes locked.
    """
    with writing() as session:
        wait = count(session, *uses)
    if wait:
        # Uses of several limits have one text.
        raise TooManyError(wait, uses[0][0].message)  # no mutation: any of them


def count(session: Session, *uses: RateUse) -> timedelta:
    """Count one use of each in the open write transaction; return how long to wait."""
    return max((wait for wait, _limit, _row in _counted(session, uses)), default=NO_WAIT)


def refusal(session: Session, *uses: RateUse) -> TooManyError | None:
    """Count one use of each in the open write transaction; return the error to raise.

    What is refused counts for none of the limits that it keeps to: whoever goes beyond one
    of them uses up nothing that is shared with others. The words are those of the limit
    that lasts longest.
    """
    counted = _counted(session, uses)
    wait, limit, _row = max(counted, key=lambda one: one[0])
    if not wait:
        return None
    for own_wait, _limit, row in counted:
        row.count -= not own_wait
    return TooManyError(wait, limit.message)


def _counted(
    session: Session, uses: Sequence[RateUse]
) -> list[tuple[timedelta, RateLimit, ThrottleCount]]:
    """Count one use of each; return how long each has to wait."""
    if not uses:
        return []
    now = clock.now()
    limits = {_key(limit, who): limit for limit, who in uses}
    rows = _rows(session, sorted(limits), now)
    return [(_take(limits[row.key], row, now), limits[row.key], row) for row in rows]


def check(*uses: RateUse) -> None:
    """Raise TooManyError where a key is locked; nothing is counted.

    For keys shared by many successful attempts, such as a network: only failures count.
    """
    now = clock.now()
    locked = select(ThrottleCount.shut_until).where(
        ThrottleCount.key.in_([_key(limit, who) for limit, who in uses]),
        ThrottleCount.shut_until > now,
    )
    until = [moment for moment in db.session.scalars(locked) if moment is not None]
    if until:
        raise TooManyError(max(until) - now)


def reset(session: Session, *uses: RateUse) -> None:
    """Reset each counter in the open write transaction, after a successful attempt."""
    for key in sorted(_key(limit, who) for limit, who in uses):
        session.execute(delete(ThrottleCount).where(ThrottleCount.key == key))


def remaining(limit: RateLimit, who: str) -> int:
    """Return how many uses `who` has left; nothing is counted."""
    row = db.session.get(ThrottleCount, _key(limit, who), populate_existing=True)
    now = clock.now()
    if row is None or (now - row.since >= limit.per and not _is_locked(row, now)):
        return limit.times
    return 0 if _is_locked(row, now) else max(limit.times - row.count, 0)


def network(address: str) -> str:
    """Return the network that shares a counter: /24 of IPv4, /56 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    length = V4_NETWORK if found.version == 4 else V6_NETWORK  # noqa: PLR2004
    return str(ipaddress.ip_network((found, length), strict=False))


def _take(limit: RateLimit, row: ThrottleCount, now: datetime) -> timedelta:
    """Return how long a use that `row` counts already has to wait; zero if not at all."""
    if _is_locked(row, now):
        row.count -= 1
        return (row.shut_until or now) - now
    if now - row.since >= limit.per:
        quiet = now - max(row.since, row.shut_until or row.since) >= 2 * limit.per
        row.strikes = 0 if quiet else row.strikes
        row.since, row.count = now, 1
    if row.count <= limit.times:
        return timedelta()
    doubled = min(row.strikes, 16)  # no mutation: any number that leads to a day will do
    wait = min(limit.per * (1 << doubled), limit.longest)
    row.strikes += 1
    row.shut_until, row.since, row.count = now + wait, now + wait, 0
    return wait


def _rows(session: Session, names: list[str], now: datetime) -> list[ThrottleCount]:
    """Count one use of each key; return their rows, locked in this order.

    One order for everybody, against deadlocks.
    """
    values = {"since": now, "count": 1, "strikes": 0, "touched_at": now}
    rows = database.insert(session, ThrottleCount)
    # The update locks an existing row: a concurrent successful attempt may not delete it
    # before it is read.
    more = {"count": ThrottleCount.count + 1, "touched_at": rows.excluded.touched_at}
    counted = rows.on_conflict_do_update(index_elements=["key"], set_=more).returning(
        ThrottleCount
    )
    # As parameters: a statement that holds the rows would be compiled anew each time.
    found = session.scalars(
        counted,
        [{"key": name, **values} for name in names],
        execution_options={"populate_existing": True},
    )
    return list(found)


def _is_locked(row: ThrottleCount, now: datetime) -> bool:
    return row.shut_until is not None and row.shut_until > now


def _key(limit: RateLimit, who: str) -> str:
    return keys.keyed("throttle", f"{limit.name}\n{who}")


class ProcessLimit:
    """At most `times` in each period of `seconds` for a key, in this process only."""

    def __init__(self, times: int, seconds: int) -> None:
        self.times, self.seconds = times, seconds
        self.counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self.lock = Lock()

    def take(self, key: str) -> int:
        """Count one use; return 0, or the seconds to wait where that is too many."""
        now = time.monotonic()
        period = int(now // self.seconds)
        with self.lock:
            count = self.counts[key, period] = self.counts.pop((key, period), 0) + 1
            while len(self.counts) > MAX_KEYS:
                self.counts.popitem(last=False)
        return 0 if count <= self.times else int((period + 1) * self.seconds - now) + 1

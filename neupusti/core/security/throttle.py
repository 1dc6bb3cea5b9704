"""How often a thing may be tried, counted in the database: it holds over all processes.

Each rule counts by a key (an account, a network, everybody). What is too much shuts the
key for the rule's stretch, and for twice as long each time it happens again. Keys are
stored as keyed hashes: no address is kept here (1.1.8).
"""

import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.core import clock
from neupusti.core.data import database, keys
from neupusti.core.data.classification import Moment, impersonal
from neupusti.core.data.database import Base, db, writing
from neupusti.core.web.errors import TooManyError

LONGEST = timedelta(days=1)
"""No wait grows beyond this."""
V4_NETWORK, V6_NETWORK = 24, 56
MOST_KEYS = 10_000  # no mutation: any bound will do
"""How many addresses are remembered at once; the longest unseen is forgotten first."""


@dataclass(frozen=True, slots=True, order=True)
class RateLimit:
    """At most `times` in each stretch of `per`."""

    name: str
    times: int
    per: timedelta


class ThrottleCount(Base):
    """What one key has used of one rule."""

    __tablename__ = "throttle_count"

    key: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    since: Mapped[Moment]
    count: Mapped[int] = mapped_column(Integer, info=impersonal())
    strikes: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How often it was too much without a quiet stretch in between."""
    shut_until: Mapped[Moment | None]
    touched_at: Mapped[Moment] = mapped_column(index=True)


def take(*uses: tuple[RateLimit, str]) -> None:
    """Count one use of each rule by its key, in a transaction of its own.

    Raise TooManyError, with the longest wait, where any is shut or becomes so.
    """
    with writing() as session:
        wait = count(session, *uses)
    if wait:
        raise TooManyError(wait)


def count(session: Session, *uses: tuple[RateLimit, str]) -> timedelta:
    """Count one use of each in the open write transaction; return how long to wait."""
    now = clock.now()
    # Rows are locked in one order: nobody waits in a ring.
    keyed = sorted((_key(rule, who), rule) for rule, who in uses)
    return max(_take(session, rule, key, now) for key, rule in keyed)


def check(*uses: tuple[RateLimit, str]) -> None:
    """Raise TooManyError where a rule has shut its key; nothing is counted.

    For keys that many right tries share, such as a network: only the wrong are counted.
    """
    now = clock.now()
    shut = select(ThrottleCount.shut_until).where(
        ThrottleCount.key.in_([_key(rule, who) for rule, who in uses]),
        ThrottleCount.shut_until > now,
    )
    until = [moment for moment in db.session.scalars(shut) if moment is not None]
    if until:
        raise TooManyError(max(until) - now)


def forget(session: Session, *uses: tuple[RateLimit, str]) -> None:
    """Begin each anew, in the open write transaction: the try was a right one."""
    for key in sorted(_key(rule, who) for rule, who in uses):
        session.execute(delete(ThrottleCount).where(ThrottleCount.key == key))


def remaining(rule: RateLimit, who: str) -> int:
    """Return how many uses `who` has left now; nothing is counted."""
    row = db.session.get(ThrottleCount, _key(rule, who), populate_existing=True)
    now = clock.now()
    if row is None or (now - row.since >= rule.per and not _shut(row, now)):
        return rule.times
    return 0 if _shut(row, now) else max(rule.times - row.count, 0)


def network(address: str) -> str:
    """Return the network that is counted as one: /24 of IPv4, /56 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    length = V4_NETWORK if found.version == 4 else V6_NETWORK  # noqa: PLR2004
    return str(ipaddress.ip_network((found, length), strict=False))


def _take(session: Session, rule: RateLimit, key: str, now: datetime) -> timedelta:
    """Count one use; return how long to wait, or nothing."""
    row = _row(session, key, now)
    if _shut(row, now):
        return (row.shut_until or now) - now
    if now - row.since >= rule.per:
        quiet = now - max(row.since, row.shut_until or row.since) >= 2 * rule.per
        row.strikes = 0 if quiet else row.strikes
        row.since, row.count = now, 0
    row.count += 1
    row.touched_at = now
    if row.count <= rule.times:
        return timedelta()
    doubled = min(row.strikes, 16)  # no mutation: any number that leads to a day will do
    wait = min(rule.per * (1 << doubled), LONGEST)
    row.strikes += 1
    row.shut_until, row.since, row.count = now + wait, now + wait, 0
    return wait


def _row(session: Session, key: str, now: datetime) -> ThrottleCount:
    """Return the row of `key`, locked; make it where it is missing."""
    values = {"key": key, "since": now, "count": 0, "strikes": 0, "touched_at": now}
    fresh = database.insert(session, ThrottleCount).values(values)
    # Changing nothing of a row that is there locks it: a right try beside this one may
    # not delete it before it is read.
    session.execute(fresh.on_conflict_do_update(index_elements=["key"], set_={"key": key}))
    return session.get_one(ThrottleCount, key, populate_existing=True)


def _shut(row: ThrottleCount, now: datetime) -> bool:
    return row.shut_until is not None and row.shut_until > now


def _key(rule: RateLimit, who: str) -> str:
    return keys.keyed("throttle", f"{rule.name}\n{who}")


class ProcessLimit:
    """At most `times` in each period of `seconds` for a key, in this process only."""

    def __init__(self, times: int, seconds: int) -> None:
        self.times, self.seconds = times, seconds
        self.counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self.lock = Lock()

    def take(self, key: str) -> int:
        """Count one use; return 0, or how many seconds to wait where that is too many."""
        now = time.monotonic()
        period = int(now // self.seconds)
        with self.lock:
            count = self.counts[key, period] = self.counts.pop((key, period), 0) + 1
            while len(self.counts) > MOST_KEYS:
                self.counts.popitem(last=False)
        return 0 if count <= self.times else int((period + 1) * self.seconds - now) + 1

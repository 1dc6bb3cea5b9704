"""The tables of the access log's own database; none of them refers to a person.

Raw rows and day tables hold addresses and are destroyed in time; roll-ups hold no address,
user agent or visitor id, and are kept. On PostgreSQL the tables that hold addresses are
partitioned by day, so that destroying a day is dropping its partition.
"""

from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, composite, mapped_column
from sqlalchemy.types import TypeDecorator

from neupusti.access.counters import TOTALS, Totals
from neupusti.core.data.classification import (
    Browser,
    CookieNames,
    Day,
    Digest,
    IpAddress,
    Moment,
    Purpose,
    Referrer,
    VisitorId,
    impersonal,
    personal,
    secret,
)
from neupusti.core.data.database import AccessBase

PATH_LIMIT = 512


class Millis(TypeDecorator[datetime]):
    """An aware datetime stored as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> int | None:
        """Return milliseconds."""
        return None if value is None else millis(value)

    def process_result_value(
        self,
        value: int | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Return an aware datetime in UTC."""
        return None if value is None else moment(value)


def millis(at: datetime) -> int:
    """Return the milliseconds since 1970 of an aware moment."""
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be stored")
    return round(at.timestamp() * 1000)


def moment(milliseconds: int) -> datetime:
    """Return the aware datetime of milliseconds since 1970."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


At = Annotated[datetime, mapped_column(Millis, info=impersonal())]
Count = Annotated[int, mapped_column(BigInteger, info=impersonal())]
Word = Annotated[str, mapped_column(String(60), info=impersonal())]
Path = Annotated[str, mapped_column(String(PATH_LIMIT), info=impersonal())]
FindingKey = Annotated[str, mapped_column(String(60), info=impersonal())]


def of_scanners(dimension: str) -> str:
    """Return the dimension of a roll-up that holds what scanners did."""
    return f"{dimension}!"


class Record(AccessBase):
    """One request, as 3.3 describes it. `user_agent` is None once the row is masked."""

    __tablename__ = "access_record"
    __table_args__ = (
        Index("ix_access_record_at", "at"),
        Index("ix_access_record_ip_at", "ip", "at"),
        Index(
            "ix_access_record_failed",
            "at",
            sqlite_where=text("status >= 500"),
            postgresql_where=text("status >= 500"),
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, info=impersonal()
    )
    at: Mapped[At]
    ip: Mapped[IpAddress]
    method: Mapped[str] = mapped_column(String(10), info=impersonal())
    path: Mapped[Path]
    route: Mapped[Path]
    status: Mapped[int] = mapped_column(SmallInteger, info=impersonal())
    duration_us: Mapped[Count | None]
    bytes: Mapped[Count]
    referrer: Mapped[Referrer]
    source: Mapped[Word]
    user_agent: Mapped[Browser | None]
    browser: Mapped[Word]
    os: Mapped[Word]
    device: Mapped[Word]
    bot: Mapped[Word]
    bot_reason: Mapped[str] = mapped_column(String(120), info=impersonal())
    country: Mapped[str] = mapped_column(String(2), info=impersonal())
    cookies: Mapped[CookieNames]
    granted: Mapped[Word]
    visitor: Mapped[VisitorId]
    request_id: Mapped[str] = mapped_column(String(16), info=impersonal())


class Address(AccessBase):
    """The requests of one address on one day (3.3.2)."""

    __tablename__ = "access_address"
    __table_args__ = (
        Index("ix_access_address_day_requests", "day", "requests"),
        Index(
            "ix_access_address_finding",
            "day",
            "finding",
            sqlite_where=text("finding <> ''"),
            postgresql_where=text("finding <> ''"),
        ),
    )

    ip: Mapped[str] = mapped_column(
        String(45),
        primary_key=True,
        info=personal("3.3", Purpose.LOCATION, Purpose.SUPPORT),
    )
    day: Mapped[Day] = mapped_column(primary_key=True)
    requests: Mapped[Count]
    visitors: Mapped[Count]
    bytes: Mapped[Count]
    errors: Mapped[Count]
    finding: Mapped[FindingKey] = mapped_column(server_default="")
    """The finding that made it a scanner of that day; empty for all others."""


class Finding(AccessBase):
    """What was seen on a day; addresses are masked, and named by pseudonyms of the day."""

    __tablename__ = "access_finding"

    day: Mapped[Day] = mapped_column(primary_key=True)
    key: Mapped[FindingKey] = mapped_column(primary_key=True)
    """The kind, and a digest of who it was with the salt of the day."""
    kind: Mapped[Word]
    scope: Mapped[Word]
    network: Mapped[IpAddress]
    """The masked address of who it was; empty where they come from many networks."""
    pseudonym: Mapped[str] = mapped_column(String(8), info=personal("3.3", Purpose.SUPPORT))
    """Tells apart the addresses of one masked network, on this day only."""
    first: Mapped[At]
    last: Mapped[At]
    addresses: Mapped[Count]
    requests: Mapped[Count]
    errors: Mapped[Count]
    answered: Mapped[Count]
    """Requests that got what they asked for."""
    severity: Mapped[int] = mapped_column(SmallInteger, info=impersonal())
    browser: Mapped[Word]
    evidence: Mapped[str] = mapped_column(Text, info=impersonal())
    """A few of the paths, one a line, those that were answered first."""
    exposed: Mapped[str] = mapped_column(Text, info=impersonal())
    """Those of them that were answered."""


class SeenVisitor(AccessBase):
    """A visitor of one day as a salted digest, and its hours as a bit mask."""

    __tablename__ = "access_seen"

    day: Mapped[Day] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(
        LargeBinary(16), primary_key=True, info=personal("3.3", Purpose.SUPPORT)
    )
    hours: Mapped[int] = mapped_column(info=impersonal())


class Salt(AccessBase):
    """The salt of one day's digests; destroyed together with them."""

    __tablename__ = "access_salt"

    day: Mapped[Day] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16), info=secret())


class Total(AccessBase):
    """A roll-up of one hour or one day (in Almaty) as a whole."""

    __tablename__ = "access_total"

    unit: Mapped[str] = mapped_column(String(4), primary_key=True, info=impersonal())
    start: Mapped[At] = mapped_column(primary_key=True)
    totals: Mapped[Totals] = composite(
        *(
            mapped_column(name, BigInteger, nullable=False, info=impersonal())
            for name in TOTALS
        )
    )


class Rollup(AccessBase):
    """A roll-up of one day by one value of one dimension."""

    __tablename__ = "access_rollup"
    __table_args__ = (
        Index("ix_access_rollup_dimension_day_requests", "dimension", "day", "requests"),
    )

    dimension: Mapped[str] = mapped_column(String(12), primary_key=True, info=impersonal())
    value: Mapped[str] = mapped_column(String(900), primary_key=True, info=impersonal())
    day: Mapped[Day] = mapped_column(primary_key=True)
    requests: Mapped[Count]
    visitors: Mapped[Count]
    bytes: Mapped[Count]
    errors: Mapped[Count]


class Latency(AccessBase):
    """A histogram of the response times of one route, with exponential buckets."""

    __tablename__ = "access_latency"

    day: Mapped[Day] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(
        String(PATH_LIMIT), primary_key=True, info=impersonal()
    )
    bucket: Mapped[int] = mapped_column(
        SmallInteger, primary_key=True, autoincrement=False, info=impersonal()
    )
    requests: Mapped[Count]


class Cursor(AccessBase):
    """How far a spool file has been read; updated in the transaction of its rows."""

    __tablename__ = "access_cursor"

    file: Mapped[str] = mapped_column(String(120), primary_key=True, info=impersonal())
    position: Mapped[Count]
    at: Mapped[Moment]


class Import(AccessBase):
    """How far a log file has been imported; identified by content, not by name."""

    __tablename__ = "access_import"

    id: Mapped[int] = mapped_column(primary_key=True, info=impersonal())
    head: Mapped[Digest] = mapped_column(index=True)
    position: Mapped[Count]
    digest: Mapped[Digest]
    lines: Mapped[Count]
    at: Mapped[Moment]


class Sweep(AccessBase):
    """One run of the sweep: what it destroyed, and whether it was completed."""

    __tablename__ = "access_sweep"

    id: Mapped[int] = mapped_column(primary_key=True, info=impersonal())
    at: Mapped[Moment]
    masked_before: Mapped[Day]
    destroyed_before: Mapped[Day]
    masked: Mapped[Count]
    destroyed: Mapped[Count]
    forgotten: Mapped[Count]
    complete: Mapped[bool] = mapped_column(info=impersonal())
    milliseconds: Mapped[Count]

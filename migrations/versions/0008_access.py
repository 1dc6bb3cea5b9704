"""The access log: raw rows and day tables that are destroyed in time, roll-ups that stay.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BYTES = sa.LargeBinary(16)
BIG = sa.BigInteger
TABLES = (
    "access_sweep",
    "access_import",
    "access_cursor",
    "access_latency",
    "access_rollup",
    "access_total",
    "access_salt",
    "access_seen",
    "access_address",
    "access_record",
)


def upgrade(engine_name: str) -> None:
    """Make the tables of the access database."""
    if engine_name != "access":
        return
    _record()
    _days()
    _rollups()
    _books()


def downgrade(engine_name: str) -> None:
    """Drop them; PostgreSQL's partitions go with their parents."""
    if engine_name != "access":
        return
    for table in TABLES:
        op.drop_table(table)
    if _postgresql():
        op.execute("DROP SEQUENCE access_record_id")


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _column(
    name: str, type_: "sa.types.TypeEngine[object]", **options: object
) -> "sa.Column[object]":
    return sa.Column(name, type_, **{"nullable": False, **options})  # type: ignore[arg-type]


def _record() -> None:
    postgresql = _postgresql()
    if postgresql:
        op.execute("CREATE SEQUENCE access_record_id AS bigint")
    default = {"server_default": sa.text("nextval('access_record_id')")}
    identity = default if postgresql else {"primary_key": True}
    op.create_table(
        "access_record",
        _column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), **identity),
        _column("at", BIG()),
        _column("ip", sa.String(45)),
        _column("method", sa.String(10)),
        _column("path", sa.String(512)),
        _column("route", sa.String(512)),
        _column("status", sa.SmallInteger()),
        _column("duration_us", BIG(), nullable=True),
        _column("bytes", BIG()),
        _column("referrer", sa.String(300)),
        _column("source", sa.String(60)),
        _column("user_agent", sa.String(400), nullable=True),
        _column("browser", sa.String(60)),
        _column("os", sa.String(60)),
        _column("device", sa.String(60)),
        _column("bot", sa.String(60)),
        _column("bot_reason", sa.String(120)),
        _column("country", sa.String(2)),
        _column("cookies", sa.String(400)),
        _column("granted", sa.String(60)),
        _column("visitor", sa.String(40)),
        _column("request_id", sa.String(16)),
        # A key of a partitioned table holds what it is partitioned by.
        *([sa.PrimaryKeyConstraint("id", "at")] if postgresql else []),
        postgresql_partition_by="RANGE (at)",
    )
    _record_indexes()


def _record_indexes() -> None:
    op.create_index("ix_access_record_at", "access_record", ["at"])
    op.create_index("ix_access_record_ip_at", "access_record", ["ip", "at"])
    failed = sa.text("status >= 500")
    op.create_index(
        "ix_access_record_failed",
        "access_record",
        ["at"],
        sqlite_where=failed,
        postgresql_where=failed,
    )


def _days() -> None:
    op.create_table(
        "access_address",
        _column("ip", sa.String(45), primary_key=True),
        _column("day", sa.Date(), primary_key=True),
        *(_column(name, BIG()) for name in ("requests", "visitors", "bytes", "errors")),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (day)",
    )
    op.create_index("ix_access_address_day_requests", "access_address", ["day", "requests"])
    op.create_table(
        "access_seen",
        _column("day", sa.Date(), primary_key=True),
        _column("key", BYTES, primary_key=True),
        _column("hours", sa.Integer()),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (day)",
    )
    op.create_table(
        "access_salt",
        _column("day", sa.Date(), primary_key=True),
        _column("salt", BYTES),
    )


def _rollups() -> None:
    op.create_table(
        "access_total",
        _column("unit", sa.String(4), primary_key=True),
        _column("start", BIG(), primary_key=True, autoincrement=False),
        *(
            _column(name, BIG())
            for name in (
                "requests", "visitors", "people", "bytes", "robots", "not_found",
                "client_errors", "server_errors",
            )
        ),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "access_rollup",
        _column("dimension", sa.String(12), primary_key=True),
        _column("value", sa.String(900), primary_key=True),
        _column("day", sa.Date(), primary_key=True),
        *(_column(name, BIG()) for name in ("requests", "visitors", "bytes", "errors")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_access_rollup_dimension_day_requests",
        "access_rollup",
        ["dimension", "day", "requests"],
    )
    op.create_table(
        "access_latency",
        _column("day", sa.Date(), primary_key=True),
        _column("route", sa.String(512), primary_key=True),
        _column("bucket", sa.SmallInteger(), primary_key=True, autoincrement=False),
        _column("requests", BIG()),
        sqlite_with_rowid=False,
    )


def _books() -> None:
    op.create_table(
        "access_cursor",
        _column("file", sa.String(120), primary_key=True),
        _column("position", BIG()),
        _column("at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "access_import",
        _column("id", sa.Integer(), primary_key=True),
        _column("head", sa.String(64), index=True),
        _column("position", BIG()),
        _column("digest", sa.String(64)),
        _column("lines", BIG()),
        _column("at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "access_sweep",
        _column("id", sa.Integer(), primary_key=True),
        _column("at", sa.DateTime(timezone=True)),
        _column("masked_before", sa.Date()),
        _column("destroyed_before", sa.Date()),
        *(_column(name, BIG()) for name in ("masked", "destroyed", "forgotten")),
        _column("complete", sa.Boolean()),
        _column("milliseconds", BIG()),
    )

"""People, their passwords and codes, and where they are signed in.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SORTED = sa.String(320).with_variant(sa.String(320, collation="C"), "postgresql")
TABLES = (
    "known_device",
    "sign_in",
    "recovery_code",
    "second_factor",
    "credential",
    "person",
)


def upgrade(engine_name: str) -> None:
    """Make the tables."""
    if engine_name != "main":
        return
    _people()
    _proofs()
    _devices()


def downgrade(engine_name: str) -> None:
    """Drop the tables."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)


def _moment(name: str, *, null: bool = False, index: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null, index=index)


def _owner(*, one: bool = False) -> "sa.Column[int]":
    key = sa.ForeignKey("person.id", ondelete="CASCADE")
    if one:
        return sa.Column("person", sa.Integer, key, primary_key=True, autoincrement=False)
    return sa.Column("person", sa.Integer, key, nullable=False, index=True)


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("family_name", sa.String(100), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column("patronymic", sa.String(100), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False, index=True),
        sa.Column("phone", sa.String(16)),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("sort", SORTED, nullable=False, index=True),
        _moment("created_at", index=True),
        _moment("confirmed_at", null=True),
        sqlite_autoincrement=True,
    )
    confirmed = sa.text("confirmed_at IS NOT NULL")
    op.create_index(
        "uq_person_email_key_confirmed",
        "person",
        ["email_key"],
        unique=True,
        sqlite_where=confirmed,
        postgresql_where=confirmed,
    )


def _proofs() -> None:
    op.create_table(
        "credential",
        _owner(one=True),
        sa.Column("password_hash", sa.String(200)),
        _moment("changed_at"),
    )
    op.create_table(
        "second_factor",
        _owner(one=True),
        sa.Column("nonce", sa.String(64), nullable=False),
        _moment("created_at"),
        _moment("confirmed_at", null=True),
        sa.Column("last_step", sa.Integer, nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        sa.Column("nonce", sa.String(64), nullable=False),
        _moment("used_at", null=True),
    )


def _devices() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("remember_digest", sa.String(64), unique=True),
        _moment("created_at"),
        _moment("seen_at"),
        _moment("ends_at", index=True),
        _moment("completed_at", null=True),
        _moment("second_factor_at", null=True),
        _moment("proved_at"),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
    )
    op.create_table(
        "known_device",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        sa.Column("device", sa.String(120), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        _moment("first_at"),
        _moment("last_at", index=True),
        sa.UniqueConstraint("person", "device", "network"),
    )

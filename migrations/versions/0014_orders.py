"""Orders: lines, addresses, parcels, events, payments, returns.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ORDER_MOMENTS = (
    *("email_proved_at", "frozen_at", "due_at"),
    *("ended_at", "identity_ended_at"),
)
ORDER_RULES = {
    "delivery": "delivery IN ('pickup', 'courier', 'post')",
    "payment": "payment IN ('cash', 'card_on_delivery', 'invoice')",
    "state": "state IN ('new', 'confirmed', 'cancelled')",
    "total": "total = goods + fee",
}
ORDER_INDEXES = (
    *(("due_at",), ("email_key",), ("ended_at",), ("person",), ("person", "placed_at")),
    *(("phone_end",), ("placed_at",), ("search",), ("state", "placed_at")),
)
WORDS = "what happened to an order never changes"
APPEND_ONLY = ("order_event", "payment_entry")
TABLES = (
    *("return_line", "goods_return", "payment_entry", "order_event"),
    *("parcel_line", "parcel", "order_address", "order_line", "shop_order"),
)
"""Children before their parents."""


def upgrade(engine_name: str) -> None:
    """Make the tables, and the triggers that guard events and payments."""
    if engine_name != "main":
        return
    _shop_order()
    _order_line()
    _order_address()
    _parcel()
    _parcel_line()
    _order_event()
    _payment_entry()
    _goods_return()
    _return_line()
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION order_immutable()")


def _columns(kind: object, *names: str) -> list[sa.Column[object]]:
    """Return columns of one type that are never empty."""
    return [sa.Column(name, kind, nullable=False) for name in names]  # type: ignore[call-overload]


def _shop_order() -> None:
    op.create_table(
        "shop_order",
        sa.Column("id", sa.Integer, primary_key=True),
        *_columns(sa.String(20), "number", "payment"),
        *_columns(sa.String(64), "submission", "quote"),
        *_columns(sa.String(2), "language"),
        sa.Column("person", sa.Integer, nullable=True),
        *_columns(sa.String(254), "email", "email_key"),
        *_columns(sa.String(100), "family_name", "given_name", "patronymic"),
        sa.Column("phone", sa.String(16), nullable=True),
        sa.Column("phone_end", sa.String(4), nullable=True),
        *_columns(sa.String(320), "search"),
        *_columns(sa.String(10), "delivery", "state"),
        *_columns(sa.Text, "comment"),
        *_columns(sa.Integer, "goods", "fee", "total", "consent", "version"),
        *_columns(MOMENT, "placed_at"),
        *(sa.Column(name, MOMENT, nullable=True) for name in ORDER_MOMENTS),
        *(sa.CheckConstraint(rule, name=name) for name, rule in ORDER_RULES.items()),
        sa.ForeignKeyConstraint(["consent"], ["consent_evidence.id"]),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("submission"),
        sqlite_autoincrement=True,
    )
    for columns in ORDER_INDEXES:
        name = op.f("_".join(("ix_shop_order", *columns)))
        op.create_index(name, "shop_order", list(columns))


def _order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("order", "position", "product")
        ),
        sa.Column("article", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("photo", sa.String(80), nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("unit_price", "quantity", "cancelled", "returned")
        ),
        sa.Column("return_rule", sa.String(12), nullable=False),
        sa.CheckConstraint("cancelled + returned <= quantity", name="not_more_than_bought"),
        sa.CheckConstraint("cancelled >= 0 AND returned >= 0", name="counters"),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity"),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("order", "position"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order_line_order"), "order_line", ["order"])
    op.create_index(op.f("ix_order_line_product"), "order_line", ["product"])


def _order_address() -> None:
    op.create_table(
        "order_address",
        sa.Column("order", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("region", sa.String(5), nullable=False),
        *(
            sa.Column(name, sa.String(120), nullable=False)
            for name in ("city", "street", "house", "flat", "postcode")
        ),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("order"),
    )


def _parcel() -> None:
    op.create_table(
        "parcel",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("recipient", sa.Integer, nullable=True),
        sa.Column("track", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('packed', 'handed_over', 'on_the_way', 'delivered', "
            "'refused', 'returned', 'gone')",
            name="state",
        ),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_parcel_order"), "parcel", ["order"])


def _parcel_line() -> None:
    op.create_table(
        "parcel_line",
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("parcel", "line", "quantity")
        ),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.ForeignKeyConstraint(["line"], ["order_line.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parcel"], ["parcel.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("parcel", "line"),
    )
    op.create_index(op.f("ix_parcel_line_line"), "parcel_line", ["line"])


def _order_event() -> None:
    op.create_table(
        "order_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("parcel", sa.Integer, nullable=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("moved_from", sa.String(12), nullable=False),
        sa.Column("moved_to", sa.String(12), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor", sa.Integer, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("order", "seq"),
    )
    op.create_index(op.f("ix_order_event_at"), "order_event", ["at"])
    op.create_index(op.f("ix_order_event_order"), "order_event", ["order"])


def _payment_entry() -> None:
    op.create_table(
        "payment_entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("receipt_url", sa.Text, nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_payment_entry_order"), "payment_entry", ["order"])


def _goods_return() -> None:
    op.create_table(
        "goods_return",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'accepted', 'refused', 'received')", name="state"
        ),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_goods_return_asked_at"), "goods_return", ["asked_at"])
    op.create_index(op.f("ix_goods_return_order"), "goods_return", ["order"])


def _return_line() -> None:
    op.create_table(
        "return_line",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("goods_return", "line", "quantity")
        ),
        sa.Column("restock", sa.Boolean, nullable=False),
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.ForeignKeyConstraint(["goods_return"], ["goods_return.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["line"], ["order_line.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("goods_return", "line"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_return_line_line"), "return_line", ["line"])


def _guard() -> list[str]:
    """Return the statements that refuse a change of a row, and its deletion alone.

    With its order a row may go: by then the order is no longer there.
    """
    gone = 'EXISTS (SELECT 1 FROM shop_order WHERE id = OLD."order")'
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
            {when} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
            for table in APPEND_ONLY
            for act, when in (("UPDATE", ""), ("DELETE", f"WHEN {gone}"))
        ]
    function = f"""
        CREATE FUNCTION order_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF NOT {gone} THEN RETURN OLD; END IF;
            END IF;
            RAISE EXCEPTION '{WORDS}';
        END $$
        """
    return [
        function,
        *(
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION order_immutable()"""
            for table in APPEND_ONLY
        ),
    ]

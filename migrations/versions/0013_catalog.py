"""The catalog: categories, products, photos and the movements of their stock.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SORTED = sa.String(320).with_variant(sa.String(320, collation="C"), "postgresql")
PRODUCT_RULES = {
    "band": "band IN ('in', 'few', 'out')",
    "return_rule": (
        "return_rule IN ('law', 'no:underwear', 'no:hosiery', 'no:cut', 'no:plant', "
        "'no:medicine', 'no:phone', 'no:hygiene', 'no:cosmetics', 'no:food')"
    ),
    "deal_until": "(deal_price IS NULL) = (deal_until IS NULL)",
    "deal_price": "deal_price IS NULL OR (deal_price > 0 AND deal_price < price)",
    "old_price": "old_price IS NULL OR old_price > price",
    "price": "price > 0",
    "stock": "stock >= 0",
    "weight": "weight_g > 0",
}
ORDERS = (
    *("id", "price", "deal_price", "discount", "deal_discount", "brand"),
    *("sort_en", "sort_kk", "sort_ru"),
)
PRODUCT_INDEXES = (
    *(
        (*where, *dict.fromkeys((order, "id")), "deal_until")
        for where in (("category", "published"), ("published",))
        for order in ORDERS
    ),
    ("published", "deal_until", "id"),
)
WORDS = "a stock movement never changes"


def upgrade(engine_name: str) -> None:
    """Make the tables, and the triggers that guard the movements."""
    if engine_name != "main":
        return
    _category()
    _product()
    _product_slug()
    _product_photo()
    _stock_movement()
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    tables = ("product_photo", "product_slug", "product", "category", "stock_movement")
    for table in tables:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION stock_movement_immutable()")


def _columns(kind: object, *names: str) -> list[sa.Column[object]]:
    """Return columns of one type that are never empty."""
    return [sa.Column(name, kind, nullable=False) for name in names]  # type: ignore[call-overload]


def _category() -> None:
    op.create_table(
        "category",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent", sa.Integer, nullable=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        *(
            sa.Column(name, sa.String(120), nullable=False)
            for name in ("name_ru", "name_kk", "name_en")
        ),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("products", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["category.id"]),
        sa.UniqueConstraint("slug"),
    )
    op.create_index(op.f("ix_category_parent"), "category", ["parent"])


def _product() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("category", sa.Integer, nullable=False),
        *_columns(sa.String(40), "article"),
        *_columns(sa.String(80), "slug"),
        *_columns(sa.String(120), "name_ru", "name_kk", "name_en", "brand"),
        *_columns(sa.Text, "text_ru", "text_kk", "text_en"),
        *_columns(sa.Text, "composition_ru", "composition_kk", "composition_en"),
        *_columns(sa.Text, "sizes_ru", "sizes_kk", "sizes_en"),
        *_columns(sa.String(2), "origin"),
        *_columns(sa.Integer, "weight_g", "price", "stock", "version"),
        *_columns(sa.Integer, "discount", "deal_discount"),
        sa.Column("old_price", sa.Integer, nullable=True),
        sa.Column("deal_price", sa.Integer, nullable=True),
        sa.Column("deal_until", sa.Date, nullable=True),
        *_columns(sa.String(3), "band"),
        *_columns(sa.String(12), "return_rule"),
        *_columns(sa.Boolean, "published", "sample"),
        *_columns(MOMENT, "changed_at"),
        *_columns(SORTED, "sort_ru", "sort_kk", "sort_en"),
        *(sa.CheckConstraint(rule, name=name) for name, rule in PRODUCT_RULES.items()),
        sa.ForeignKeyConstraint(["category"], ["category.id"]),
        sa.UniqueConstraint("article"),
        sa.UniqueConstraint("slug"),
        sqlite_autoincrement=True,
    )
    for columns in PRODUCT_INDEXES:
        op.create_index(op.f("_".join(("ix_product", *columns))), "product", list(columns))


def _product_slug() -> None:
    op.create_table(
        "product_slug",
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("product", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["product"], ["product.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_index(op.f("ix_product_slug_product"), "product_slug", ["product"])


def _product_photo() -> None:
    op.create_table(
        "product_photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("product", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("alt_ru", "alt_kk", "alt_en")
        ),
        sa.ForeignKeyConstraint(["product"], ["product.id"], ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_product_photo_product"), "product_photo", ["product"])


def _stock_movement() -> None:
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("product", sa.Integer, nullable=False),
        sa.Column("delta", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("source", sa.Integer, nullable=True),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.CheckConstraint(
            "kind IN ('received', 'counted', 'sold', 'cancelled', 'returned', "
            "'written_off')",
            name="kind",
        ),
        sa.CheckConstraint("delta <> 0", name="delta"),
        sa.UniqueConstraint("kind", "source"),
    )
    op.create_index(op.f("ix_stock_movement_product"), "stock_movement", ["product"])


def _guard() -> list[str]:
    """Return the statements that refuse every change of a row."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER stock_movement_no_{act.lower()} BEFORE {act}
            ON stock_movement BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
            for act in ("UPDATE", "DELETE")
        ]
    function = f"""
        CREATE FUNCTION stock_movement_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$
        """
    return [
        function,
        *(
            f"""CREATE TRIGGER stock_movement_no_{name} BEFORE {acts} ON stock_movement
            FOR EACH {level} EXECUTE FUNCTION stock_movement_immutable()"""
            for name, acts, level in (
                ("change", "UPDATE OR DELETE", "ROW"),
                ("truncate", "TRUNCATE", "STATEMENT"),
            )
        ),
    ]

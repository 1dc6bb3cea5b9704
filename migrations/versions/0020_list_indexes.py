"""The indexes of the lists hold all that filters look at.

Revision: 0020
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LISTS = (("category", "published"), ("published",))
ORDERS = (
    *("id", "price", "deal_price", "discount", "deal_discount", "brand"),
    *("sort_en", "sort_kk", "sort_ru"),
)
BEFORE = ("id", "deal_until")
AFTER = (*BEFORE, "price", "deal_price", "band", "brand")


def upgrade(engine_name: str) -> None:
    """Replace each by a wider one."""
    if engine_name != "main":
        return
    for where in LISTS:
        for order in ORDERS:
            op.drop_index(_name(*_columns(*where, order, *BEFORE)), "product")
            columns = _columns(*where, order, *AFTER)
            op.create_index(_name(*where, order), "product", columns)


def downgrade(engine_name: str) -> None:
    """Replace each by the narrower one."""
    if engine_name != "main":
        return
    for where in LISTS:
        for order in ORDERS:
            op.drop_index(_name(*where, order), "product")
            columns = _columns(*where, order, *BEFORE)
            op.create_index(_name(*columns), "product", columns)


def _columns(*names: str) -> list[str]:
    return list(dict.fromkeys(names))


def _name(*columns: str) -> str:
    return op.f("_".join(("ix_product", *columns)))

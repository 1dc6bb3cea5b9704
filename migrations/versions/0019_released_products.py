"""A product is in the shop only with its category, and comes back with it.

Revision: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PRODUCT = sa.table(
    "product",
    *(sa.column(name, sa.Boolean) for name in ("published", "released")),
    *(sa.column(name, sa.Integer) for name in ("category", "version")),
)
CATEGORY = sa.table(
    "category",
    *(sa.column(name, sa.Integer) for name in ("id", "parent", "products")),
    sa.column("published", sa.Boolean),
)


def upgrade(engine_name: str) -> None:
    """Keep what staff released, and hide what is in categories that are not shown.

    The search leaves out what is not published; `flask catalog reindex` removes its words.
    """
    if engine_name != "main":
        return
    released = sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("product", released)
    connection = op.get_bind()
    connection.execute(PRODUCT.update().values(released=PRODUCT.c.published))
    rows = connection.execute(sa.select(CATEGORY)).all()
    hidden = {row.id for row in rows if not row.published}
    while below := {row.id for row in rows if row.parent in hidden} - hidden:
        hidden |= below
    gone = PRODUCT.update().where(PRODUCT.c.category.in_(hidden), PRODUCT.c.published)
    connection.execute(gone.values(published=False, version=PRODUCT.c.version + 1))
    empty = CATEGORY.update().where(CATEGORY.c.id.in_(hidden))
    connection.execute(empty.values(products=0))


def downgrade(engine_name: str) -> None:
    """Publish every released product, whatever its category, and count again."""
    if engine_name != "main":
        return
    connection = op.get_bind()
    connection.execute(PRODUCT.update().values(published=PRODUCT.c.released))
    count = (
        sa.select(sa.func.count())
        .where(PRODUCT.c.category == CATEGORY.c.id, PRODUCT.c.published)
        .scalar_subquery()
    )
    connection.execute(CATEGORY.update().values(products=count))
    op.drop_column("product", "released")

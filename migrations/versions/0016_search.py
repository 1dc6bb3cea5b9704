"""Search: the full-text index of the goods, and its vocabulary.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SORTED = sa.String(48).with_variant(sa.String(48, collation="C"), "postgresql")
FTS5 = """
    CREATE VIRTUAL TABLE product_words
    USING fts5(names, rest, tokenize="unicode61 remove_diacritics 0 tokenchars '_'")
"""


def upgrade(engine_name: str) -> None:
    """Make both; `flask catalog reindex` fills them."""
    if engine_name != "main":
        return
    op.create_table(
        "word",
        sa.Column("word", SORTED, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("word"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
        return
    op.execute("CREATE TABLE product_words (product integer PRIMARY KEY, words tsvector)")
    # Beside its row: the planner takes a scan of values stored elsewhere for a cheap one.
    op.execute("ALTER TABLE product_words ALTER words SET STORAGE MAIN")
    # Without a list of late entries, which every search would have to read through.
    op.execute(
        "CREATE INDEX ix_product_words_words ON product_words "
        "USING gin (words) WITH (fastupdate = off)"
    )


def downgrade(engine_name: str) -> None:
    """Drop both."""
    if engine_name != "main":
        return
    op.drop_table("word")
    op.execute("DROP TABLE product_words")

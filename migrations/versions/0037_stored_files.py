"""Files in the database on PostgreSQL; on SQLite the table stays empty.

Revision: 0037
"""

import sqlalchemy as sa
from alembic import op

from neupusti.core.data import disk

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None
STOPS_COPIES = "copies of the version before look for files in the data folder"

KINDS = ("avatars", "exports", "photos", "sheets")
FILES = "SELECT kind, name, max(part) FROM file_part GROUP BY kind, name"
BODY = "SELECT body FROM file_part WHERE kind = :kind AND name = :name AND part = :part"


def upgrade(engine_name: str) -> None:
    """Make the table, on PostgreSQL with a partition for each kind.

    `flask site setup` then brings in the files of the data folder. They are compressed
    already; no samples are taken of them.
    """
    if engine_name != "main":
        return
    op.create_table(
        "file_part",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "part"),
        postgresql_partition_by="LIST (kind)",
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    for kind in KINDS:
        op.execute(
            f"CREATE TABLE file_part_{kind} PARTITION OF file_part FOR VALUES IN ('{kind}')"
        )
    op.execute("CREATE TABLE file_part_others PARTITION OF file_part DEFAULT")
    op.execute("ALTER TABLE file_part ALTER body SET STORAGE EXTERNAL")
    for column in ("name", "body"):
        op.execute(f"ALTER TABLE file_part ALTER {column} SET STATISTICS 0")


def downgrade(engine_name: str) -> None:
    """Put the files back into the data folder of this machine, and drop the table."""
    if engine_name != "main":
        return
    connection = op.get_bind()
    for kind, name, last in connection.execute(sa.text(FILES)).all():
        # All of them are on the disk before the table goes; one part at a time in memory.
        with disk.replacing(disk.folder(kind) / name) as out:
            for part in range(last + 1):
                which = {"kind": kind, "name": name, "part": part}
                out.write(connection.execute(sa.text(BODY), which).scalar_one())
    disk.sync_folder(disk.home())
    op.drop_table("file_part")

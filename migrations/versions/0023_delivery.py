"""Recipients, the ledger of the hand-over, and the uses of couriers' links.

Revision: 0023
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('own_courier', 'kazpost', 'cdek', 'pickup')"
CHANNELS = "channel IN ('link', 'print', 'csv')"
DEEDS = "deed IN ('opened', 'took', 'delivered', 'refused')"
FIELDS = (
    *("number", "family_name", "family_initial", "given_name", "patronymic", "phone"),
    *("phone_end", "street", "house", "flat", "city", "region", "postcode", "note"),
    *("collect", "weight"),
)
WORDS = "what was handed over never changes"
PARENTS = {
    "disclosure": """EXISTS (SELECT 1 FROM shop_order WHERE id = OLD."order")""",
    "disclosure_field": "EXISTS (SELECT 1 FROM disclosure WHERE id = OLD.disclosure)",
    "recipient_version": "TRUE",
}
"""Table -> when a row of it may not be deleted: as long as what it belongs to is there."""
TABLES = (
    *("courier_visit", "disclosure_field", "disclosure"),
    *("recipient_version", "recipient"),
)
"""Children before their parents."""
PLAIN = ("number", "collect", "weight")
PLACE = ("street", "house", "flat", "city", "region")
BEFORE_ANY_ORDER = datetime(2022, 8, 4, tzinfo=UTC)
"""The consent of every order so far has named the first two like this."""
FIRST: tuple[dict[str, object], ...] = (
    {
        "kind": "own_courier",
        "name_ru": "курьер магазина",
        "name_kk": "дүкеннің курьері",
        "name_en": "the shop's courier",
        "contract": "",
        "active": True,
        "fields": (*PLAIN, *PLACE, "family_name", "given_name", "phone", "note"),
    },
    {
        "kind": "kazpost",
        "name_ru": "АО «Казпочта»",
        "name_kk": "«Қазпошта» АҚ",
        "name_en": "Kazpost JSC",
        "contract": "Публичный договор оказания услуг почтовой связи",
        "active": True,
        "fields": (
            *(*PLAIN, *PLACE, "family_name", "given_name", "patronymic"),
            *("phone", "postcode"),
        ),
    },
    {
        "kind": "cdek",
        "name_ru": "СДЭК",
        "name_kk": "СДЭК",
        "name_en": "CDEK",
        "contract": "",
        "cross_border": True,
        "active": False,
        "fields": (
            *(*PLAIN, *PLACE, "family_name", "given_name"),
            *("phone", "postcode", "note"),
        ),
    },
    {
        "kind": "pickup",
        "name_ru": "пункт выдачи",
        "name_kk": "тапсырысты беру пункті",
        "name_en": "the pick-up point",
        "contract": "",
        "active": False,
        "fields": (*PLAIN, "given_name", "family_initial", "phone_end"),
    },
)


def upgrade(engine_name: str) -> None:
    """Make the tables and their guards, and enter the first recipients."""
    if engine_name != "main":
        return
    _recipients()
    _ledger()
    _visits()
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for table in PARENTS:
            op.execute(f"DROP FUNCTION {table}_immutable()")


def _recipients() -> None:
    """Make both tables, and enter the first recipients as of before any order."""
    recipient = op.create_table(
        "recipient",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.CheckConstraint(KINDS, name="kind"),
    )
    version = _versions()
    connection = op.get_bind()
    for row in FIRST:
        added = connection.execute(recipient.insert().values(kind=row["kind"]))
        values = {name: value for name, value in row.items() if name != "kind"}
        given = values.pop("fields")
        connection.execute(
            version.insert().values(
                {
                    "country": "KZ",
                    "cross_border": False,
                    **values,
                    "recipient": added.inserted_primary_key[0],
                    "at": BEFORE_ANY_ORDER,
                    # In the order of FIELDS, as the code writes them.
                    "fields": ",".join(one for one in FIELDS if one in given),  # type: ignore[operator]
                    "reason": "",
                }
            )
        )


def _versions() -> sa.Table:
    table = op.create_table(
        "recipient_version",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recipient", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(
            sa.Column(name, sa.String(120), nullable=False)
            for name in ("name_ru", "name_kk", "name_en", "contract")
        ),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("cross_border", sa.Boolean, nullable=False),
        sa.Column("contract_until", sa.Date, nullable=True),
        sa.Column("fields", sa.String(300), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["recipient"], ["recipient.id"]),
    )
    op.create_index(
        op.f("ix_recipient_version_recipient"), "recipient_version", ["recipient"]
    )
    return table


def _ledger() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("order", "parcel", "seq", "recipient")
        ),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor", sa.Integer, nullable=True),
        sa.Column("channel", sa.String(5), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("edition", sa.Date, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.CheckConstraint(CHANNELS, name="channel"),
        sa.ForeignKeyConstraint(["order"], ["shop_order.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["recipient"], ["recipient_version.id"]),
    )
    for column in ("order", "parcel", "person", "recipient"):
        op.create_index(op.f(f"ix_disclosure_{column}"), "disclosure", [column])
    listed = ", ".join(f"'{field}'" for field in FIELDS)
    op.create_table(
        "disclosure_field",
        sa.Column("disclosure", sa.Integer, nullable=False),
        sa.Column("field", sa.String(20), nullable=False),
        sa.Column("clause", sa.String(10), nullable=False),
        sa.CheckConstraint(f"field IN ({listed})", name="field"),
        sa.ForeignKeyConstraint(["disclosure"], ["disclosure.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("disclosure", "field"),
    )


def _visits() -> None:
    op.create_table(
        "courier_visit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("disclosure", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("deed", sa.String(10), nullable=False),
        sa.CheckConstraint(DEEDS, name="deed"),
        sa.ForeignKeyConstraint(["disclosure"], ["disclosure.id"], ondelete="CASCADE"),
    )
    for column in ("at", "disclosure"):
        op.create_index(op.f(f"ix_courier_visit_{column}"), "courier_visit", [column])


def _guard() -> list[str]:
    """Return the statements that refuse a change of a row, and its deletion alone."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
            {when} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
            for table, kept in PARENTS.items()
            for act, when in (("UPDATE", ""), ("DELETE", f"WHEN {kept}"))
        ]
    return [
        statement
        for table, kept in PARENTS.items()
        for statement in (
            f"""
            CREATE FUNCTION {table}_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    IF NOT {kept} THEN RETURN OLD; END IF;
                END IF;
                RAISE EXCEPTION '{WORDS}';
            END $$
            """,
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_immutable()""",
        )
    ]

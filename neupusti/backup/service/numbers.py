"""Give no new person the number of one whom the file of decisions names."""

from sqlalchemy import text
from sqlalchemy.orm import Session

STATEMENTS = {
    "sqlite": (
        "UPDATE sqlite_sequence SET seq = max(seq, :last) WHERE name = 'person'",
        """INSERT INTO sqlite_sequence (name, seq) SELECT 'person', :last
        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'person')""",
    ),
    "postgresql": (
        "SELECT setval('person_id_seq', greatest(:last, last_value)) FROM person_id_seq",
    ),
}
"""Those who registered after the backup had numbers that the database does not know."""


def use_up(session: Session, last: int) -> None:
    """Let the next person get a number above `last`, in the open write transaction."""
    for statement in STATEMENTS[session.get_bind().dialect.name]:
        session.execute(text(statement), {"last": last})

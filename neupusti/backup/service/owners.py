"""Find whose address a hash in the file of decisions stands for."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core.data.classification import classification
from neupusti.core.data.database import Base
from neupusti.core.data.finding import EMAIL_CLAUSE, contacts
from neupusti.core.records.decision_file import hashed, hashers

BATCH = 5_000


def find(session: Session, hashes: set[str]) -> dict[str, str]:
    """Return hash -> `core.text.emails.key`, for those whose address is in a table.

    The file holds no address: so each one in the database is hashed, and compared.
    """
    keys = hashers().values()
    found = {}
    for address in _addresses(session) if hashes else ():
        for key in keys:
            if (value := hashed(address, key)) in hashes:
                found[value] = address
    return found


def _addresses(session: Session) -> Iterator[str]:
    """Yield each address of a table, as it is compared; those that are hashes are not."""
    for table in Base.metadata.sorted_tables:
        for column in contacts(table, EMAIL_CLAUSE):
            mark = classification(column)
            if mark is None or mark.keyed_by:
                continue
            value = column if mark.derived else func.lower(column)
            rows = select(value).where(column.is_not(None)).distinct()
            yield from session.scalars(rows.execution_options(yield_per=BATCH))

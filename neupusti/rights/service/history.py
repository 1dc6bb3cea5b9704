"""What the site did with a person's data: the journal of operations, in words (1.1.3)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from neupusti.core.data import finding
from neupusti.core.data.finding import Whose
from neupusti.core.records.journal import ProcessingEvent
from neupusti.rights.service import labels
from neupusti.rights.service.reading import CHUNK

HEADS = ("at", "operation", "what", "purpose", "actor")
"""Of each line of `history.csv`."""
JOURNAL: Any = ProcessingEvent.__table__
COLUMNS = [JOURNAL.c[name] for name in ("operation", "what", "why", "actor_kind")]


def lines(connection: Connection, whose: Whose) -> Iterator[tuple[str, ...]]:
    """Yield what was done, the oldest first, in the language in force."""
    own = select(JOURNAL.c.at, *COLUMNS).where(finding.own(JOURNAL, whose))
    streamed = {"stream_results": True, "yield_per": CHUNK}
    found = connection.execute(own.order_by(JOURNAL.c.id), execution_options=streamed)
    readers = [*map(labels.reader, COLUMNS)]
    for at, *codes in found:
        words = (read(code) for read, code in zip(readers, codes, strict=True))
        yield (at.isoformat(), *words)

"""What the gate must know of the database, without asking it at every request.

A cookie that was replaced by a later choice is no choice any more, even if it is played
back; and a store that does not answer grants nothing. Both are looked up at most once a
second, by one request; the others go on with what is known.
"""

import time
from datetime import timedelta
from threading import Lock

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.consent.models import ConsentDeclarations, ConsentRecord
from neupusti.consent.service.declarations import Declarations, marks, still_covers
from neupusti.core import clock
from neupusti.core.feature import Category

RECHECK_SECONDS = 1.0
LIFETIME = timedelta(days=180)
"""How long a choice holds, yes and no alike."""


class Store:
    """Which records are replaced, which older declarations still hold, and is it there."""

    def __init__(self, engine: Engine, declarations: Declarations) -> None:
        self.engine, self.declarations = engine, declarations
        self.replaced: set[str] = set()
        self.seen = 0
        self.reachable = False
        self.checked = float("-inf")
        self.known_marks = dict.fromkeys(declarations.marks.items(), True)
        self.lock = Lock()

    def knows(self, record: str) -> bool | None:
        """Tell whether `record` is still the last word; None where nobody can tell."""
        if time.monotonic() - self.checked > RECHECK_SECONDS:
            self._look()
        if not self.reachable:
            return None
        return record not in self.replaced

    def replace(self, record: str) -> None:
        """Remember at once that this process replaced `record`."""
        self.replaced.add(record)

    def holds(self, category: Category, mark: str) -> bool:
        """Tell whether agreeing to the declarations of `mark` covers today's."""
        known = self.known_marks.get((category, mark))
        return self._compare(category, mark) if known is None else known

    def _look(self) -> None:
        # While one thread looks, the others go on; only at the very start all wait.
        if not self.lock.acquire(blocking=self.checked == float("-inf")):
            return
        try:
            if time.monotonic() - self.checked > RECHECK_SECONDS:
                self._read()
                self.reachable = True
        except SQLAlchemyError:
            self.reachable = False
        finally:
            self.checked = time.monotonic()
            self.lock.release()

    def _read(self) -> None:
        news = select(ConsentRecord.id, ConsentRecord.replaces).where(
            ConsentRecord.id > self.seen, ConsentRecord.at > clock.now() - LIFETIME
        )
        with self.engine.connect() as connection:
            for number, replaced in connection.execute(news.order_by(ConsentRecord.id)):
                self.seen = number
                if replaced:
                    self.replaced.add(replaced)

    def _compare(self, category: Category, mark: str) -> bool:
        # The mark was signed by us, so there are only as many as we ever declared.
        try:
            with self.engine.connect() as connection:
                texts = connection.scalars(select(ConsentDeclarations.canonical)).all()
        except SQLAlchemyError:
            return False
        covered = any(
            marks(text).get(category) == mark
            and still_covers(text, self.declarations.canonical, category)
            for text in texts
        )
        self.known_marks[category, mark] = covered
        return covered

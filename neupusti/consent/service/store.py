"""A cached view of the consent tables, so that requests need no query.

A cookie replaced by a later choice is no longer valid, even if replayed; an unreachable
database grants nothing. Both are checked at most once a second, by one request; the
others use the cached state.
"""

import time
from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.consent.models import ConsentDeclarations, ConsentRecord
from neupusti.consent.service.declarations import Declarations, short_hashes, still_covers
from neupusti.core import clock
from neupusti.core.data.looks import Look
from neupusti.core.feature import CONSENT_LIFETIME, Category

RECHECK_SECONDS = 1.0
COOKIE_LIFETIME = CONSENT_LIFETIME + timedelta(days=30)
"""How long a browser keeps the consent cookie: longer than the choice holds, so that its
end is recorded and the visitor is asked again as one who chose before."""


class ConsentStore:
    """Caches replaced records, compatible older declarations, and reachability."""

    def __init__(self, engine: Engine, declarations: Declarations) -> None:
        self.engine, self.declarations = engine, declarations
        self.replaced: set[str] = set()
        self.last_id = 0
        self.reachable = False
        self.checked = float("-inf")
        self.covered = dict.fromkeys(declarations.short_hashes.items(), True)
        self.look = Look(engine, self._refresh)

    def is_current(self, record: str) -> bool | None:
        """Return whether `record` is not replaced; None if the database is unreachable."""
        if time.monotonic() - self.checked > RECHECK_SECONDS:
            # While one thread refreshes, the others go on; before the first check all wait.
            self.look.take(whole=self.checked == float("-inf"))
        if not self.reachable:
            return None
        return record not in self.replaced

    def mark_replaced(self, record: str) -> None:
        """Mark `record` as replaced in this process at once."""
        self.replaced.add(record)

    def still_covers(self, category: Category, short_hash: str) -> bool:
        """Return whether consent to the declarations of `short_hash` covers today's."""
        known = self.covered.get((category, short_hash))
        return self._compare(category, short_hash) if known is None else known

    def _refresh(self) -> None:
        try:
            if time.monotonic() - self.checked > RECHECK_SECONDS:
                self._load_replaced()
                self.reachable = True
        except SQLAlchemyError:
            self.reachable = False
        finally:
            self.checked = time.monotonic()

    def _load_replaced(self) -> None:
        newer = select(ConsentRecord.id, ConsentRecord.replaces).where(
            ConsentRecord.id > self.last_id,
            ConsentRecord.at > clock.now() - COOKIE_LIFETIME,
        )
        with self.engine.connect() as connection:
            for id_, replaced in connection.execute(newer.order_by(ConsentRecord.id)):
                self.last_id = id_
                if replaced:
                    self.replaced.add(replaced)

    def _compare(self, category: Category, short_hash: str) -> bool:
        # We signed the hash, so there are only as many as we ever declared.
        try:
            with self.engine.connect() as connection:
                texts = connection.scalars(select(ConsentDeclarations.canonical)).all()
        except SQLAlchemyError:
            return False
        covered = any(
            short_hashes(text).get(category) == short_hash
            and still_covers(text, self.declarations.canonical, category)
            for text in texts
        )
        self.covered[category, short_hash] = covered
        return covered

"""Which connections a session reads through: those of all rows, or of those in use.

Staff and jobs read through a second engine of the main database, whose connections do not
show what is blocked (`core.blocking.shadows`) and cannot write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import current_app, g
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine

EXTENSION = "neupusti.reading"
WRITING = "writing"
"""Set in `Session.info` during a write transaction, which needs the table itself."""
IN_USE = "only_what_is_in_use"
"""Set in `flask.g`: it ends with the request, or with the run of a job."""


class RoutedSession(Session):
    """A session whose queries go round what is blocked, where that is asked for."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the engine of a query."""
        engine = super().get_bind(*args, **kwargs)
        if not g.get(IN_USE) or self.info.get(WRITING):
            return engine
        of_main, reading = cast("tuple[Engine, Engine]", current_app.extensions[EXTENSION])
        return reading if engine is of_main else engine


def only_in_use() -> None:
    """Show this request, or this run of a job, no rows that are blocked."""
    setattr(g, IN_USE, True)


@contextmanager
def everything() -> Iterator[None]:
    """Read blocked rows as well for a block of code, as the check of them must."""
    before = g.pop(IN_USE, False)
    try:
        yield
    finally:
        if before:
            only_in_use()

"""Which connections a session reads through: those of all rows, or of those in use.

Staff and jobs read through a second engine of the main database, whose connections do not
show what is blocked (`core.blocking.shadows`) and cannot write.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, cast

from flask import current_app
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

EXTENSION = "neupusti.reading"
WRITING = "writing"
"""Set in `Session.info` during a write transaction, which needs the table itself."""
_in_use: ContextVar[bool] = ContextVar("in_use", default=False)


class RoutedSession(Session):
    """A session whose queries go round what is blocked, where that is asked for."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return the engine of a query."""
        engine = super().get_bind(*args, **kwargs)
        if not hides() or self.info.get(WRITING):
            return engine
        of_main, reading = cast("tuple[Engine, Engine]", current_app.extensions[EXTENSION])
        return reading if engine is of_main else engine

    def close(self) -> None:
        """End what is open. A server that has ended its side needs no rollback.

        Else a page that is ready would fail after all: this happens when it is left.
        """
        with suppress(DBAPIError):
            super().close()


def only_in_use(*, wanted: bool = True) -> None:
    """Show this request no rows that are blocked, or from now on all of them again."""
    _in_use.set(wanted)


def hides() -> bool:
    """Return whether blocked rows are not shown now."""
    return _in_use.get()


@contextmanager
def reading(*, in_use: bool) -> Iterator[None]:
    """Read for a block of code only what is in use, or all, as the check of it must."""
    token = _in_use.set(in_use)
    try:
        yield
    finally:
        _in_use.reset(token)

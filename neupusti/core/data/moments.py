"""Moments that a database computes."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from neupusti.core.data.database import Utc


class DaysAfter(FunctionElement[Any]):
    """The moment so many days of 24 hours after that of a column; NULL after NULL."""

    type = Utc()
    inherit_cache = True


def days_after(moment: ColumnElement[Any], days: int) -> DaysAfter:
    """Return the expression of the moment `days` after `moment`."""
    return DaysAfter(moment, days)


@compiles(DaysAfter, "sqlite")
def _on_sqlite(element: DaysAfter, compiler: Any, **more: Any) -> str:
    moment, days = (compiler.process(part, **more) for part in element.clauses)
    return f"datetime({moment}, {days} || ' days')"


@compiles(DaysAfter, "postgresql")
def _on_postgresql(element: DaysAfter, compiler: Any, **more: Any) -> str:
    moment, days = (compiler.process(part, **more) for part in element.clauses)
    return f"({moment} + {days} * interval '1 day')"

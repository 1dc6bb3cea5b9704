"""What stands against the destruction of a person's rows, as they read it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection, Table, func, select

from neupusti.core.clock import ALMATY
from neupusti.core.data import finding
from neupusti.core.data.classification import personal_columns
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Hold
from neupusti.core.registry import registry
from neupusti.core.text import dates, languages


def sentences(connection: Connection, table: Table, whose: Whose) -> Iterator[str]:
    """Yield a sentence for each hold on rows of `table` about `whose`.

    Placed holds have a section of their own, since a document may forbid to tell of one.
    """
    for hold in registry().holds_of(table):
        if not hold.placed and (hold.columns or not _lies_below(hold, table)):
            yield from _sentence(connection, table, whose, hold)


def _lies_below(hold: Hold, table: Table) -> bool:
    """Return whether `hold` keeps rows of `table` for another's sake, without the data."""
    own = [one.code for one in registry().holds if one.model.__table__ is table]
    return hold.code not in own and bool(personal_columns(table))


def _sentence(
    connection: Connection, table: Table, whose: Whose, hold: Hold
) -> Iterator[str]:
    ends = (
        select(hold.until(table).label("until"))
        .select_from(table)
        .where(finding.own(table, whose), hold.rows(table))
        .subquery()
    )
    last = func.count(), func.count(ends.c.until), func.max(ends.c.until)
    held, ending, until = connection.execute(select(*last).select_from(ends)).one()
    if not held:
        return
    given: dict[str, Any] = {"what": hold.says, "law": hold.law}
    if ending < held:
        yield gettext("%(what)s (%(law)s)", **given)
    else:
        day = dates.in_words(_day(until), languages.current())
        yield gettext("%(what)s (%(law)s): until %(day)s", day=day, **given)


def _day(end: date | datetime) -> date:
    return end.astimezone(ALMATY).date() if isinstance(end, datetime) else end

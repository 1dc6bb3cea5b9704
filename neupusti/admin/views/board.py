"""The staff board: each duty of the policy with its open items (6.2)."""

from dataclasses import dataclass

from flask import render_template

from neupusti.admin import queries
from neupusti.admin.views import labels
from neupusti.admin.views.blueprint import bp
from neupusti.core.feature import Duty, Note
from neupusti.core.records.journal import Operation, ProcessingEvent, StaffAction
from neupusti.core.registry import registry
from neupusti.core.security import authorisation


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A line of the board."""

    duty: Duty
    open: int
    accessible: bool
    """Whether the current member of staff may open the page of the duty."""

    @property
    def notes(self) -> list[Note]:
        """What may be told of the open items to the current member of staff."""
        return list(self.duty.notes()) if self.accessible else []


@bp.get("/")
def board() -> str:
    """Show every duty with its open items, and what happened today."""
    lines: dict[str, list[BoardLine]] = {clause: [] for clause in labels.DUTIES}
    for duty in registry().duties:
        accessible = bool(duty.endpoint) and authorisation.may_open(str(duty.endpoint))
        lines[duty.clause].append(BoardLine(duty, duty.open(), accessible))
    collected = ProcessingEvent.operation == Operation.COLLECTION.value
    opened = StaffAction.operation == Operation.ACCESS.value
    return render_template(
        "admin/board.html",
        duties=labels.DUTIES,
        lines=lines,
        open_items=sum(line.open for group in lines.values() for line in group),
        collected=queries.today(ProcessingEvent, collected),
        opened=queries.today(StaffAction, opened),
        actions=queries.today(StaffAction),
    )

"""Serve nobody while the database is older than what people decided (6.1.1, 6.1.3).

A worker looks when it starts. Until file and database of the decisions agree
(`core.records.decisions`), and while a restore is not finished, it answers 503 everywhere
but on a few essential pages, and runs no job but that which finishes what was interrupted.
"""

import logging
from time import monotonic
from typing import cast

from flask import Flask, Response, current_app, request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core.data.database import db
from neupusti.core.records import decision_extent, decisions, restore_mark
from neupusti.core.records.decisions import Standing, State
from neupusti.core.web import errors

logger = logging.getLogger(__name__)
EXTENSION = "neupusti.gate"
SAFE_METHODS = frozenset({"GET", "HEAD"})
LOOK_SECONDS = 5.0
"""How long a shut worker waits before it looks again."""
RETRY_SECONDS = 60
UNFINISHED = "a restore is not finished"
SHUT = _(
    "The site is closed until everything that people decided about their Data holds "
    "again. The privacy policy is open meanwhile."
)


class Gate:
    """Whether one process may serve."""

    def __init__(self, essential: frozenset[str]) -> None:
        self.essential = essential
        self.problem = ""
        """Why it may not; empty: it may."""
        self._has_opened = False
        self._seen: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    def look(self) -> str:
        """Compare file and database where one has grown; return the problem.

        Before it has opened, what was interrupted long ago is missing, too: after a restore
        nobody knows whether it was done.
        """
        if restore_mark.is_unfinished():
            self.problem, self._seen = UNFINISHED, None
            return self.problem
        seen = decision_extent.extent(db.session())
        if seen != self._seen:
            found = decisions.standing(db.session())
            if not self._has_opened:
                found.behind.extend(found.ended)
            self.problem = described(found)
            self._has_opened |= not self.problem
            self._seen = seen
        return self.problem

    def is_shut(self) -> bool:
        """Return whether it may not serve; look again where the last time is long ago."""
        if self.problem and monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = monotonic()
            self.look()
        return bool(self.problem)

    def begin(self) -> None:
        """Look for the first time, in a worker; what cannot be looked at is shut."""
        try:
            self.look()
        except (SQLAlchemyError, OSError):
            self.problem = "unknown"
            logger.exception("decisions not compared")
        finally:
            db.session.remove()


def install(app: Flask, essential: frozenset[str]) -> None:
    """Shut `app` where it must be, but for the reading of the `essential` endpoints."""
    app.extensions[EXTENSION] = Gate(essential)
    app.before_request(_refuse)


def gate() -> Gate:
    """Return the gate of this process."""
    return cast("Gate", current_app.extensions[EXTENSION])


def described(found: Standing) -> str:
    """Return the problem for an operator, in words; empty where there is none."""
    match found.state:
        case State.BEHIND:
            return f"behind by {len(found.behind)}"
        case State.LOST:
            return f"lost: {found.lost} missing from the file"
        case State.TAMPERED:
            return f"tampered with: line {found.wrong[0]} of the file"
    return ""


def _refuse() -> Response | None:
    own = gate()
    if not own.is_shut():
        return None
    if request.endpoint in own.essential and request.method in SAFE_METHODS:
        return None
    response = errors.page(503, SHUT)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response

"""Runs of the job in processes of their own, killed at a statement or between two steps.

The steps are the functions of the modules that carry an erasure out, found there: a border
is where one begins or ends, or commits, once something was done since the border before.
"""

import inspect
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.erasure.service import destroying, running, verifying, wiping
from neupusti.erasure.service.fates import Fated
from tests.served import STOP_SECONDS, environment_of

PROCESSES = get_context("forkserver")
"""One process has imported the site; each that is killed is a fork of it."""
PROCESSES.set_forkserver_preload([__name__])
MODULES = (destroying, running, verifying, wiping)
"""What carries an erasure out, whatever they call."""
Killer = Callable[[], None]


def run_and_die(settings: Settings, at: datetime, statements: int) -> bool:
    """Run the job at a moment; return whether it was killed before its end.

    It dies when it begins the statement after so many.
    """
    return _killed(settings, at, _after_statements, statements)


def run_and_die_at_border(settings: Settings, at: datetime, died: Path) -> str:
    """Run the job; return the border where it was killed, the first that is not in `died`.

    It is a line there then. Empty: it reached its end, and died at each border before.
    """
    if _killed(settings, at, _at_border, died):
        return died.read_text(encoding="utf-8").splitlines()[-1]
    return ""


def _killed(
    settings: Settings, at: datetime, plan: Callable[..., None], given: Any
) -> bool:
    words = (environment_of(settings), at, plan, given)
    process = PROCESSES.Process(target=_run, args=words)
    process.start()
    process.join(STOP_SECONDS)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _run(
    environment: dict[str, str], at: datetime, plan: Callable[..., None], given: Any
) -> None:
    os.environ.update(environment)
    clock.now = lambda: at
    app = create_app()
    plan(given)
    with app.app_context():
        running.run()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after_statements(statements: int) -> None:
    left = statements

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_statement: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            _die()


def _at_border(died: Path) -> None:
    borders = _Borders(died)
    for module in MODULES:
        for name, function in vars(module).copy().items():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                setattr(module, name, borders.around(module, name, function))

    @event.listens_for(Engine, "after_cursor_execute")
    def executed(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        if cursor.rowcount > 0 and not statement.lstrip().startswith("SELECT"):
            borders.is_changed = True

    @event.listens_for(Engine, "commit")
    def committing(_connection: Any) -> None:
        borders.cross(f"before the commit of {borders.inside[-1][1]}")
        borders.is_changed = True


class _Borders:
    """What was done since the last border, and where others died."""

    def __init__(self, died: Path) -> None:
        self.died = died
        self.past = died.read_text(encoding="utf-8").splitlines() if died.exists() else []
        self.inside: list[tuple[ModuleType | None, str]] = [(None, "the job")]
        self.table: list[str] = []
        """The table about which the step is."""
        self.is_changed = False

    def around(
        self, module: ModuleType, name: str, function: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Return a function with a border before and after it."""

        @wraps(function)
        def step(*given: Any, **named: Any) -> Any:
            tables = [one.table.name for one in given if isinstance(one, Fated)]
            label = " ".join([name, *(tables or self.table)])
            outer, self.table = self.table, tables or self.table
            with self._step(module, label):
                found = function(*given, **named)
            self.table = outer
            return found

        return step

    @contextmanager
    def _step(self, module: ModuleType, label: str) -> Iterator[None]:
        # A step that one module asks of another may change what no statement tells.
        is_asked = self.inside[-1][0] is not module
        self.is_changed |= is_asked
        self.cross(f"before {label}")
        self.inside.append((module, label))
        yield
        self.inside.pop()
        self.is_changed |= is_asked
        self.cross(f"after {label}")

    def cross(self, border: str) -> None:
        """Die where something changed and nobody has died."""
        if self.is_changed and border not in self.past:
            with self.died.open("a", encoding="utf-8") as file:
                file.write(f"{border}\n")
            _die()
        self.is_changed = False

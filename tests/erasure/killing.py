"""A run of the job in a process of its own, killed after so many statements."""

import os
import signal
from datetime import datetime
from multiprocessing import get_context
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.erasure.service import running
from tests.served import STOP_SECONDS, environment_of

PROCESSES = get_context("forkserver")
"""One process has imported the site; each that is killed is a fork of it."""
PROCESSES.set_forkserver_preload([__name__])


def run_and_die(settings: Settings, at: datetime, statements: int) -> bool:
    """Run the job at a moment; return whether it was killed before its end."""
    words = (environment_of(settings), at, statements)
    process = PROCESSES.Process(target=_run, args=words)
    process.start()
    process.join(STOP_SECONDS)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _run(environment: dict[str, str], at: datetime, statements: int) -> None:
    os.environ.update(environment)
    clock.now = lambda: at
    left = statements
    app = create_app()

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_statement: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        running.run()

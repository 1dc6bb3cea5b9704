"""Processes that are copies of the test's own: they start at once, and can be killed."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from neupusti.core.data.database import db

FORK = get_context("fork")


def forked(work: Callable[..., None], *arguments: object) -> BaseProcess:
    """Start `work` in a process of its own."""
    # Two processes must not share a connection.
    for engine in db.engines.values():
        engine.dispose()
    process = FORK.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process

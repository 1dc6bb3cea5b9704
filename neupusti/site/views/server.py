"""The server: Granian, with workers that live and die one by one."""

import logging
import os
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from neupusti.config.settings import ROOT

logger = logging.getLogger(__name__)

THREADS = 96
"""Of each worker, made when needed: a slow sender of a body holds one until it is done."""
CONNECTIONS = 4096
"""Of each worker, open at once: slow headers and idle browsers hold no thread."""
HEADER_MILLISECONDS = 15_000
"""How long a client may take over its headers, or keep a connection open in silence."""
STOP_SECONDS = 5
"""How long a stop waits for answers under way before it breaks them off."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds until a dead worker comes back: twice as many each time, up to so many.

Where none lives all come back after the first pause: nobody serves who could be spared.
"""
HEALTHY_SECONDS = 60.0
"""A worker that lived so long begins with the first pause again."""
LOG = {
    "formatters": {"line": {"()": "neupusti.core.web.log.KeyValue"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


class Bell:
    """What wakes the first process: an event that a signal may set in the midst of a wait.

    A handler that sets `threading.Event` while its own thread looks at it waits for ever.
    """

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wake who waits, or the next who will."""
        self._rung.put(None)

    def wait(self, seconds: float | None) -> None:
        """Wait until somebody rings, or for so long."""
        try:
            self._rung.get(timeout=seconds)
        except Empty:
            return


class Server(MPServer):
    """Workers of which each comes back after a pause that grows while it keeps dying.

    Granian would end them all as soon as one dies twice within 5.5 s. Here the others go
    on serving; the end comes only when none lives and each has ended with an error of its
    own, as where the application cannot be made. Who is killed always comes back.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.first = os.getpid()
        self.pauses = [FIRST_PAUSE] * self.workers
        self.main_loop_interrupt = Bell()  # type: ignore[assignment]

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Stop; a worker that is not up yet, and so has this handler still, just ends."""
        if os.getpid() != self.first:
            os._exit(0)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        back: dict[int, float] = {}
        while not self.interrupt_signal:
            now = monotonic()
            for worker in self.wrks:
                if worker.idx not in back and not worker.inner.is_alive():
                    back[worker.idx] = now + self.pause(worker)
            if len(back) == self.workers:
                # No signal has ended any of them.
                if all(worker.inner.exitcode > 0 for worker in self.wrks):
                    logger.error("no worker starts")
                    return
                back = {n: min(at, now + FIRST_PAUSE) for n, at in back.items()}
            for number in [number for number, moment in back.items() if moment <= now]:
                worker = self._spawn_worker(number, spawn_target, target_loader)
                try:
                    worker.start()  # type: ignore[no-untyped-call]
                except OSError:
                    # No process or no memory to be had now: the others need not die of it.
                    back[number] = now + self.pause(worker)
                    continue
                del back[number]
                self.wrks[number] = worker
            self.main_loop_interrupt.wait(min(back.values()) - now if back else None)
        # Who ends now does so because it was told to.
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        self.interrupt_children.clear()

    def pause(self, worker: WorkerProcess) -> float:
        """Return how long this dead worker stays away."""
        if monotonic() - worker.birth >= HEALTHY_SECONDS:
            self.pauses[worker.idx] = FIRST_PAUSE
        pause = self.pauses[worker.idx]
        self.pauses[worker.idx] = min(2 * pause, LONGEST_PAUSE)
        return pause


def server(app: str, *, host: str, port: int, workers: int) -> Server:
    """Return the server of the app that the function named `app` makes in each worker."""
    return Server(
        app,
        factory=True,
        working_dir=ROOT,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        websockets=False,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        workers_kill_timeout=STOP_SECONDS,
        # Its warnings are advice about these very settings.
        log_level=LogLevels.error,
        log_dictconfig=LOG,
    )

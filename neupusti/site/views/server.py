"""The Granian server, with workers that are restarted one by one."""

import logging
import os
import signal
import socket
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from neupusti.config.values import ROOT

logger = logging.getLogger(__name__)

THREADS = 96
"""Per worker, created on demand; a slow upload occupies one until it is complete."""
CONNECTIONS = 4096
"""Open at once per worker; slow headers and idle browsers occupy no thread."""
BACKLOG = 1024
"""Connections that wait for a worker, as in `deploy/neupusti.socket`."""
HEADER_MILLISECONDS = 15_000
"""How long a client may take to send headers, or keep an idle connection open."""
DRAIN_SECONDS = 1.0
"""How long a stop leaves accepted connections to send what they were opened for."""
STOP_SECONDS = 10
"""How long a stop waits for pending responses before it aborts them."""
INITIAL_BACKOFF, MAX_BACKOFF = 0.1, 30.0
"""Seconds until a dead worker is restarted: doubled each time, up to the maximum.

If no worker is alive, all are restarted after the initial backoff.
"""
HEALTHY_SECONDS = 60.0
"""A worker that lived this long starts with the initial backoff again."""
LOG = {
    "formatters": {"line": {"()": "neupusti.core.web.log.KeyValue"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


class WakeupEvent:
    """An event that a signal handler may set while its own thread waits for it.

    `threading.Event` deadlocks if its own waiting thread sets it in a signal handler.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wake the waiting thread, or the next one to wait."""
        self._queue.put(None)

    def wait(self, seconds: float | None) -> None:
        """Wait until the event is set, at most `seconds`."""
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            return


class Server(MPServer):
    """Restart each dead worker after an exponential backoff.

    Granian would stop all workers as soon as one dies twice within 5.5 s. Here the others
    continue; the server stops only if none is alive and each has exited with an error of
    its own, for instance because the app cannot be created. A killed worker is always
    restarted.
    """

    def __init__(
        self, *args: Any, listener: socket.socket | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.listener = listener
        self.parent_pid = os.getpid()
        self.backoffs = [INITIAL_BACKOFF] * self.workers
        self.main_loop_interrupt = WakeupEvent()  # type: ignore[assignment]
        # Granian's threads note a dead worker here at any time, a stop that has begun
        # included, and its exit code would be 1 then.
        self.interrupt_children: deque[int] = deque(maxlen=0)  # type: ignore[assignment]

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Stop; a worker that is still starting, and so has this handler, exits."""
        if os.getpid() != self.parent_pid:
            os._exit(0)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        """Share the socket of systemd; else each worker opens its own (SO_REUSEPORT).

        What waits at a socket of a worker's own is reset as the worker ends.
        """
        if self.listener is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]
            return
        self._ssp, self._sso = None, self.listener
        self._shd = SocketHolder(self.listener.fileno(), False, BACKLOG)  # type: ignore[assignment, call-arg]  # noqa: FBT003

    def _spawn_worker(  # type: ignore[override]  # as the class above it
        self, idx: int, target: Any, callback_loader: Any
    ) -> WorkerProcess:
        """Let SIGUSR1 tell the worker to accept no more."""

        def load() -> Any:
            signal.signal(signal.SIGUSR1, lambda *_: self._stop_accepting())
            return callback_loader()

        return super()._spawn_worker(idx, target, load)

    def _stop_accepting(self) -> None:
        """Leave new connections in the queue of systemd, for the next start.

        Granian closes a connection that has not sent anything yet, and a proxy then has
        no answer. So the descriptor becomes one that nobody connects to.
        """
        if self.listener is not None:
            with socket.socket(socket.AF_UNIX) as nobody:
                nobody.bind("")  # a name that the kernel invents
                nobody.listen()
                nobody.settimeout(0)
                os.dup2(nobody.fileno(), self.listener.fileno())

    def _stop_workers(self) -> None:
        if self.listener is not None:
            for worker in self.wrks:
                with suppress(ProcessLookupError):
                    os.kill(worker.inner.pid, signal.SIGUSR1)
            WakeupEvent().wait(DRAIN_SECONDS)
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        due: dict[int, float] = {}
        while not self.interrupt_signal:
            now = monotonic()
            for worker in self.wrks:
                if worker.idx not in due and not worker.inner.is_alive():
                    due[worker.idx] = now + self.backoff(worker)
            if len(due) == self.workers:
                # None was ended by a signal.
                if all(worker.inner.exitcode > 0 for worker in self.wrks):
                    logger.error("no worker starts")
                    self.shutdown(1)  # type: ignore[no-untyped-call]
                due = {n: min(at, now + INITIAL_BACKOFF) for n, at in due.items()}
            for number in [n for n, at in due.items() if at <= now]:
                worker = self._spawn_worker(number, spawn_target, target_loader)
                try:
                    worker.start()  # type: ignore[no-untyped-call]
                except OSError:
                    # No process or memory available now; keep the other workers.
                    due[number] = now + self.backoff(worker)
                    continue
                del due[number]
                self.wrks[number] = worker
            self.main_loop_interrupt.wait(min(due.values()) - now if due else None)
        # Workers that exit from now on were asked to.
        for worker in self.wrks:
            worker.interrupt_by_parent = True

    def backoff(self, worker: WorkerProcess) -> float:
        """Return the delay in seconds until this dead worker is restarted."""
        if monotonic() - worker.birth >= HEALTHY_SECONDS:
            self.backoffs[worker.idx] = INITIAL_BACKOFF
        delay = self.backoffs[worker.idx]
        self.backoffs[worker.idx] = min(2 * delay, MAX_BACKOFF)
        return delay


def server(
    app: str,
    *,
    host: str,
    port: int,
    workers: int,
    listener: socket.socket | None = None,
) -> Server:
    """Return a server; `app` is the import path of the app factory.

    With a `listener`, all workers accept from it, and `host` and `port` only name it.
    """
    return Server(
        app,
        listener=listener,
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
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        workers_kill_timeout=STOP_SECONDS,
        # Its warnings only advise against these settings.
        log_level=LogLevels.error,
        log_dictconfig=LOG,
    )

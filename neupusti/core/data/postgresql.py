"""PostgreSQL that says nothing: every look at it ends in time, with an error.

A stopped server, a frozen proxy or a lock on a table would keep a worker waiting for good.
Neither the kernel nor the server ends such a wait: the other side is alive, and silent.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import Lock, Thread
from time import sleep
from typing import Any

import psycopg
from flask import has_request_context, request
from psycopg.abc import PQGen
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

REQUEST_SECONDS, JOB_SECONDS = 4.0, 120.0
"""How long one statement of a request may take, and one of a background job. Commands of an
operator, migrations above all, take what they need."""
WHOLE_SECONDS = 900.0
"""How long one of a job may take that reads a whole table: the log has millions of rows."""
LOCK_SECONDS = 2.5
"""How long a statement waits for a lock that another transaction holds."""
WRITE_SECONDS = 2.5
"""How long a write of a request may wait, for its turn and for locks together."""
IDLE_SECONDS = 8.0
"""How long a write may pause between two statements; a frozen machine is not waited for."""
LEAST_SECONDS = 0.5
"""How long it may wait for locks at least, and a request for a server that was silent to
it once."""
ANSWER_SECONDS = 1.0
"""How much longer than for locks a write may wait for an answer."""
END_SECONDS = 3.0
"""How long each word of the connection may take that ends another's process."""
PING_SECONDS = 0.7
"""How long a connection of the pool may take to say that it is there."""
CONNECT = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""For a machine that is gone: seconds; milliseconds for what it does not acknowledge."""
READ_ONLY = "25006"
DISCONNECTED = frozenset({READ_ONLY, "25P03", "57P01", "57P02", "57P03"})
"""States of a connection that a new one may not share: its server was demoted, ended it
for its silence, or is going or coming up."""
LOCKED, DEADLOCK = "55P03", "40P01"
NAME = "neupusti"
"""What a server shows our connections as; those of earlier versions have no name."""
SETTING_UP = 0x6E657570
"""The advisory lock of the one process that migrates: «neup»."""
LOCK_PAUSE_SECONDS = 1.0
MAX_LOCK_ATTEMPTS = 200
"""With the waits between them about ten minutes; then the operator is told."""

SET_UP = b"""SELECT set_config('application_name', %s, false),
set_config('lock_timeout', %s, false), pg_backend_pid()"""
END = b"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = %s AND datname = current_database() AND usename = current_user"""
SILENT = "neupusti.silent"
"""Set in the environment of a request to which the server was silent."""
_seconds: ContextVar[float | None] = ContextVar("seconds", default=None)
_ending = Lock()


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose server has to answer in time."""

    own_process = 0
    """The number of its process on the server; 0: not known."""
    another: Callable[[], "PatientConnection"]
    """Opens a connection to the same database."""

    def wait(
        self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        """Wait for an answer; where none comes, end the connection: OperationalError."""
        if timeout is None:
            timeout = _limit()
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001 - nothing else tells it
            # What was asked may still be answered: no other question may get that answer.
            self.pgconn.finish()
            if has_request_context():
                request.environ[SILENT] = True
            if self.own_process:
                with suppress(RuntimeError):  # the machine may have no thread left
                    Thread(target=self._end_process, daemon=True).start()
            raise psycopg.OperationalError("the database did not answer in time") from error

    def _end_process(self) -> None:
        """End the process on the server: it may hold locks, and a COMMIT may reach it yet.

        What was answered as failed would be stored then.
        """
        with (
            _ending,
            suppress(psycopg.Error),
            limited(END_SECONDS),
            self.another() as other,
        ):
            other.execute(END, (self.own_process,))


def _limit() -> float | None:
    seconds = _seconds.get()
    if not has_request_context():
        return seconds
    most = LEAST_SECONDS if SILENT in request.environ else REQUEST_SECONDS
    return most if seconds is None else min(seconds, most)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Limit each statement of the block to `seconds`, or less where less is left."""
    outer = _seconds.get()
    with _limit_of(seconds if outer is None else min(seconds, outer)):
        yield


@contextmanager
def whole_table() -> Iterator[None]:
    """Let each statement of a job's block read the largest table to its end."""
    with _limit_of(None if _seconds.get() is None else WHOLE_SECONDS):
        yield


@contextmanager
def _limit_of(seconds: float | None) -> Iterator[None]:
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def job() -> AbstractContextManager[None]:
    """Limit each statement of a block as one of a background job."""
    return limited(JOB_SECONDS)


def prepare(engine: Engine) -> None:
    """Limit the waits of every connection of `engine`, and discard those that are no use.

    `?prepared_statements=off` at the end of its URL is for a PgBouncer in session mode that
    knows nothing of prepared statements.
    """

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, words: Any, options: dict[str, Any]) -> Any:
        options |= {name: v for name, v in CONNECT.items() if name not in options}
        if options.pop("prepared_statements", "on") == "off":
            options["prepare_threshold"] = None
        connection = PatientConnection.connect(*words, **options)
        connection.another = partial(PatientConnection.connect, *words, **options)
        return connection

    @event.listens_for(engine, "connect")
    def set_up(connection: PatientConnection, _record: Any) -> None:
        values = (NAME, f"{round(LOCK_SECONDS * 1000)}ms")
        [(*_, process)] = connection.execute(SET_UP, values)
        connection.commit()
        connection.own_process = process

    ping = engine.dialect.do_ping

    def ping_in_time(connection: Any) -> bool:
        with limited(PING_SECONDS):
            return ping(connection)

    engine.dialect.do_ping = ping_in_time  # type: ignore[assignment, method-assign]

    @event.listens_for(engine, "handle_error")
    def discard(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) in DISCONNECTED:
            context.is_disconnect = True


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of an error of the database; None where it has none."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    return getattr(driver, "sqlstate", None)


def left_to_write(waited: float) -> float:
    """Return how long a write may wait for locks that `waited` for its turn."""
    return max(WRITE_SECONDS - waited, LEAST_SECONDS)


def limit_locks(connection: Connection, left: float) -> None:
    """Let the statements of a transaction wait at most `left` seconds for locks."""
    if left < LOCK_SECONDS:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(left * 1000)}")


def limit_idle(connection: Connection) -> None:
    """End this transaction if its process stands still: it keeps locks from others.

    A command of an operator takes the time that it needs.
    """
    if connection.dialect.name == "postgresql" and _limit() is not None:
        limit = f"{round(IDLE_SECONDS * 1000)}"
        connection.exec_driver_sql(
            f"SET LOCAL idle_in_transaction_session_timeout = {limit}"
        )


def is_read_only(connection: Connection) -> bool:
    """Return whether the server refuses to write: a standby, or one that was demoted."""
    query = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
    return bool(connection.scalar(text(query)))


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Let one process at a time set the site up; the others wait for it.

    Two copies that start on empty databases would both create the tables. The lock is that
    of a transaction, which a PgBouncer of any mode keeps on one connection.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.begin() as connection:
        taken = text(f"SELECT pg_try_advisory_xact_lock({SETTING_UP})")
        while not connection.scalar(taken):
            sleep(LOCK_PAUSE_SECONDS)
        yield


def retried(migrate: Callable[[], None]) -> None:
    """Call `migrate` until no lock is in its way. Raise OperationalError at last.

    The first statement that would wait for a lock ends it: whoever waits for a lock on a
    table makes every later reader of it wait as well.
    """
    for attempt in range(1, MAX_LOCK_ATTEMPTS + 1):
        try:
            migrate()
        except OperationalError as error:
            if sqlstate(error) not in {LOCKED, DEADLOCK} or attempt == MAX_LOCK_ATTEMPTS:
                raise
            sleep(LOCK_PAUSE_SECONDS)
        else:
            return

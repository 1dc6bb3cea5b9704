"""The spool: one line per request, appended to a file of this process.

A writer locks its file as long as it writes to it; so the aggregator knows, even after
`kill -9`, that an unlocked file will not grow again.
"""

import fcntl
import logging
import os
import secrets
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from weakref import WeakSet, ref

from neupusti.access.recording.tally import WorkerTally

logger = logging.getLogger(__name__)

LINE_BYTES = 4096
FILE_BYTES = 8 * 1024 * 1024
FILE_SECONDS = 60.0
SYNC_SECONDS = 0.2
"""How much of the log a power cut may lose; a thread syncs the disk."""
MAX_WAITING_LINES = 20_000
"""Lines kept in memory while the disk is full; any more are lost, and counted."""
ERROR_LOG_SECONDS = 60.0
SUFFIX = ".jsonl"


class Spool:
    """The lines of one process, in `folder`. No method raises errors of the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lost = 0
        self.refused = 0
        self._lock, self._disk = Lock(), Lock()
        self._waiting: deque[bytes] = deque()
        self._tally: WorkerTally | None = None
        self._fd: int | None = None
        self._size, self._born, self._dirty = 0, 0.0, False
        self._worker = ""
        self._number = 0
        self._logged_at = float("-inf")
        SPOOLS.add(self)

    def append(self, line: bytes) -> None:
        """Append `line` (with its newline); queue it if the disk refuses it."""
        with self._lock:
            if not self._worker:
                self._start_writing()
            if self._waiting or not self._write(line):
                self._enqueue(line)

    def flush(self) -> None:
        """Write queued lines, leave a full file for a new one, and sync the disk."""
        with self._disk:
            with self._lock:
                fd = self._to_sync()
            if fd is not None:
                self._sync(fd)

    def _to_sync(self) -> int | None:
        """Return a descriptor to sync and close: a full file, or a copy of the open one."""
        if not self._worker:
            return None
        self._retry()
        fd = self._fd
        if fd is None or not (self._dirty or self._is_full()):
            return None
        if self._is_full():
            self._reset()
            return fd
        try:
            copy = os.dup(fd)
        except OSError as error:
            self._log_error(error)
            return None
        self._dirty = False
        return copy

    def unwritable(self, error: Exception) -> None:
        """Count a response of which no line could be made."""
        with self._lock:
            self.lost += 1
            self._update_tally()
            self._log_error(error)

    def __del__(self) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def close(self) -> None:
        """Write queued lines, then close and so unlock the file."""
        with self._disk, self._lock:
            self._retry()
            self._close()
            if self._tally is not None:
                self._tally.close()

    def forked(self) -> None:
        """Reset in a forked child, which must not share file, thread, lock or lines."""
        self._lock, self._disk = Lock(), Lock()
        self.lost, self.refused = 0, 0
        self._waiting = deque()
        self._worker, self._number = "", 0
        self._tally = None
        if self._fd is not None:
            os.close(self._fd)
        self._reset()

    def _start_writing(self) -> None:
        Thread(
            target=_flush_periodically, args=[ref(self)], name="access-spool", daemon=True
        ).start()
        # Set after the thread has started: if that fails, the next line tries again.
        # Of all machines, for ever: a file is known by its name wherever it is read.
        self._worker = f"{os.getpid()}x{secrets.token_hex(8)}"
        self._tally = WorkerTally(self.folder, self._worker)

    def _reset(self) -> None:
        self._fd = None
        self._size, self._born, self._dirty = 0, 0.0, False

    def _open(self) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._number += 1
        path = self.folder / f"{self._worker}-{self._number}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        # Locked under a name that the aggregator ignores: it must never see a file of
        # a living writer that is not locked yet.
        hidden = path.with_suffix(".new")
        fd = os.open(hidden, flags, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        hidden.rename(path)
        self._fd, self._size, self._born = fd, 0, monotonic()
        return fd

    def _write(self, line: bytes) -> bool:
        try:
            fd = self._fd if self._fd is not None else self._open()
            written = os.write(fd, line)
        except OSError as error:
            self._log_error(error)
            return False
        self._dirty = True
        if written == len(line):
            self._size += written
            return True
        self._log_error(None)
        self._truncate(fd)
        return False

    def _truncate(self, fd: int) -> None:
        """Remove an incomplete line; if that fails too, never write to this file again."""
        try:
            os.ftruncate(fd, self._size)
        except OSError:
            self._close()

    def _enqueue(self, line: bytes) -> None:
        if len(self._waiting) < MAX_WAITING_LINES:
            self._waiting.append(line)
        else:
            self.lost += 1
        self._update_tally()

    def _retry(self) -> None:
        while self._waiting and self._write(self._waiting[0]):
            self._waiting.popleft()
        self._update_tally()

    def _update_tally(self) -> None:
        """Publish the counts to all processes: any of them may render the staff's page."""
        if self._tally is not None:
            self._tally.update(self.lost, len(self._waiting))

    def _is_full(self) -> bool:
        return (
            self._size >= FILE_BYTES or monotonic() - self._born >= FILE_SECONDS
        ) and self._size > 0

    def _close(self) -> None:
        if self._fd is not None:
            fd = self._fd
            self._reset()
            self._sync(fd)

    def _sync(self, fd: int) -> None:
        """Sync and close `fd`, without the lock, so that no response waits for the disk."""
        try:
            try:
                os.fdatasync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            self._log_error(error)

    def _log_error(self, error: Exception | None) -> None:
        self.refused += 1
        if monotonic() - self._logged_at < ERROR_LOG_SECONDS:
            return
        self._logged_at = monotonic()
        code = error.errno if isinstance(error, OSError) else None
        why = os.strerror(code) if code else type(error).__name__
        fields = {"why": why, "waiting": len(self._waiting), "lost": self.lost}
        logger.error("access spool refused", extra={"fields": fields})


SPOOLS: WeakSet[Spool] = WeakSet()


def _after_fork() -> None:
    for spool in SPOOLS:
        spool.forked()


os.register_at_fork(after_in_child=_after_fork)


def _flush_periodically(spool: "ref[Spool]") -> None:
    """Flush periodically until the spool is garbage-collected."""
    pause = Event()
    while (found := spool()) is not None:
        found.flush()
        del found
        pause.wait(SYNC_SECONDS)


def files(folder: Path) -> Iterator[Path]:
    """Yield the spool files of `folder`, oldest first."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            found.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:
            continue
    for _, path in sorted(found):
        yield path

"""Publish how many lines a worker could not write, by the lengths of sparse files.

A full disk takes no more bytes, but a file may still grow by a hole. `<worker>.lost` is as
many bytes long as the worker has lost lines, `<worker>.waiting` as many as it queues in
memory; so every process sees the counts of all, and they outlive a killed worker.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOST, WAITING = ".lost", ".waiting"
FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class WorkerTally:
    """The counts of one worker. No method raises errors of the disk."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder, self._worker = folder, worker
        self._files: tuple[int, int] | None = None
        self._written = (0, 0)
        self._open()

    def update(self, lost: int, waiting: int) -> None:
        """Set the lengths of the files."""
        if (lost, waiting) == self._written or not (self._files or self._open()):
            return
        with suppress(OSError):
            for file, length in zip(self._files or (), (lost, waiting), strict=True):
                os.ftruncate(file, length)
            self._written = (lost, waiting)

    def close(self) -> None:
        """Close and so unlock the files: the counts will not change again."""
        for file in self._files or ():
            os.close(file)
        self._files = None

    def __del__(self) -> None:
        self.close()

    def _open(self) -> bool:
        """Create both files; the first stays locked as long as this process lives."""
        base = self._folder / self._worker
        # Locked under names that readers ignore: they must never see one not locked yet.
        hidden = [base.with_suffix(f"{suffix}.new") for suffix in (LOST, WAITING)]
        files: list[int] = []
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.extend(os.open(path, FLAGS, 0o600) for path in hidden)
            fcntl.flock(files[0], fcntl.LOCK_EX)
            for path in reversed(hidden):
                path.rename(path.with_suffix(""))
        except OSError:
            for file in files:
                os.close(file)
            for path in hidden:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            return False
        self._files = (files[0], files[1])
        return True


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """The lines one worker could not write."""

    path: Path
    lost: int
    waiting: int
    alive: bool

    @property
    def unwritten(self) -> int:
        """Lines that will never be written: for a dead worker the waiting ones too."""
        return self.lost if self.alive else self.lost + self.waiting

    @property
    def files(self) -> tuple[Path, Path]:
        """Both files; the one that readers look for is removed last."""
        return self.path.with_suffix(WAITING), self.path


@dataclass(frozen=True, slots=True)
class UnwrittenLines:
    """The lines all workers could not write, as far as they are not counted yet."""

    lost: int
    waiting: int


def unwritten(folder: Path, counted: Mapping[str, int]) -> UnwrittenLines:
    """Sum the tallies of `folder`, less what was `counted` of each file."""
    found = list(tallies(folder))
    return UnwrittenLines(
        lost=sum(max(one.unwritten - counted.get(one.path.name, 0), 0) for one in found),
        waiting=sum(one.waiting for one in found if one.alive),
    )


def tallies(folder: Path) -> Iterator[WorkerCounts]:
    """Yield the counts of each worker of `folder`."""
    for path in sorted(folder.glob(f"*{LOST}")):
        try:
            with path.open("rb") as file:
                # Checked first: once it is unlocked, the counts are final.
                alive = not is_unlocked(file.fileno())
                lost = os.fstat(file.fileno()).st_size
        except OSError:
            continue
        waiting = 0
        with suppress(OSError):
            waiting = path.with_suffix(WAITING).stat().st_size
        yield WorkerCounts(path, lost, waiting, alive)


def is_unlocked(fd: int) -> bool:
    """Return whether no process holds the lock of the file `fd`."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True

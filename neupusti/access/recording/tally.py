"""What a worker could not write down, told without writing: by the lengths of empty files.

A full disk takes no byte more, but a file may still grow by a hole. `<worker>.lost` is as
many bytes long as the worker has lost lines, `<worker>.waiting` as many as it keeps in
memory; so every process sees the state of all, and it outlives whoever is killed.
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
    """The two lengths of one worker. No method raises, whatever the disk does."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder, self._worker = folder, worker
        self._files: tuple[int, int] | None = None
        self._written = (0, 0)
        self._open()

    def update(self, lost: int, waiting: int) -> None:
        """Let the files be so long."""
        if (lost, waiting) == self._written or not (self._files or self._open()):
            return
        with suppress(OSError):
            for file, length in zip(self._files or (), (lost, waiting), strict=True):
                os.ftruncate(file, length)
            self._written = (lost, waiting)

    def close(self) -> None:
        """Let the files go: whoever reads them now knows that they will not change."""
        for file in self._files or ():
            os.close(file)
        self._files = None

    def __del__(self) -> None:
        self.close()

    def _open(self) -> bool:
        """Make both files, the first one locked for as long as this process lives."""
        place = self._folder / self._worker
        # Made under names nobody looks for, so that nobody meets one that is not locked.
        hidden = [place.with_suffix(f"{suffix}.new") for suffix in (LOST, WAITING)]
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
    """What one worker could not write down."""

    path: Path
    lost: int
    waiting: int
    alive: bool

    @property
    def unwritten(self) -> int:
        """The lines that nobody will ever write: all, where the worker is no more."""
        return self.lost if self.alive else self.lost + self.waiting

    @property
    def files(self) -> tuple[Path, Path]:
        """Both files; the one that is looked for goes last."""
        return self.path.with_suffix(WAITING), self.path


@dataclass(frozen=True, slots=True)
class UnwrittenLines:
    """What all workers together could not write down, and nobody has counted yet."""

    lost: int
    waiting: int


def unwritten(folder: Path, counted: Mapping[str, int]) -> UnwrittenLines:
    """Return what the tallies of `folder` tell beyond what was `counted` of each file."""
    found = list(tallies(folder))
    return UnwrittenLines(
        lost=sum(max(one.unwritten - counted.get(one.path.name, 0), 0) for one in found),
        waiting=sum(one.waiting for one in found if one.alive),
    )


def tallies(folder: Path) -> Iterator[WorkerCounts]:
    """Yield what each worker of `folder` tells."""
    for path in sorted(folder.glob(f"*{LOST}")):
        try:
            with path.open("rb") as file:
                # Asked first: what was told before the answer «nobody» is all there is.
                alive = not is_unlocked(file.fileno())
                lost = os.fstat(file.fileno()).st_size
        except OSError:
            continue
        waiting = 0
        with suppress(OSError):
            waiting = path.with_suffix(WAITING).stat().st_size
        yield WorkerCounts(path, lost, waiting, alive)


def is_unlocked(fd: int) -> bool:
    """Tell whether nobody writes to the file of `fd` any more."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True

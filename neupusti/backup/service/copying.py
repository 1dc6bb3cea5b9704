"""Take a copy of the file of decisions that was kept elsewhere."""

from pathlib import Path

from neupusti.core.data import disk
from neupusti.core.records import decision_file
from neupusti.core.records.decision_file import Read


class ForeignFileError(RuntimeError):
    """A copy that does not go on from this file; the message says why."""


def adopt(copy: Path) -> int:
    """Replace the file by a longer copy of itself; return how many lines it adds.

    Raise ForeignFileError, OSError.
    """
    body, own = copy.read_bytes(), decision_file.path()
    held = own.read_bytes() if own.exists() else b""
    whole = held[: held.rfind(b"\n") + 1]
    if not body.startswith(whole) or not body.endswith(b"\n"):
        raise ForeignFileError("The copy does not go on from the file of this site.")
    if not all(map(_is_own, decision_file.read(copy))):
        raise ForeignFileError("A line of the copy was not signed by this site.")
    disk.replace(own, body)
    return body.count(b"\n") - whole.count(b"\n")


def _is_own(read: Read) -> bool:
    return read.signed is not False and read.follows

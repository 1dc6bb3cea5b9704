"""Encrypt a backup to a recipient, so that this machine cannot read it, and back (5.4).

OpenPGP, by GnuPG as a program of the system: whoever has the secret key needs nothing of
ours to open a backup.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from neupusti.backup.service.errors import BackupError

SEALED = ".gpg"


@contextmanager
def sealed(out: BinaryIO, key: str) -> Iterator[BinaryIO]:
    """Encrypt to the public key in the file `key` what is written in the block.

    Without a key it is written as it is. Raise BackupError, OSError.
    """
    if not key:
        yield out
        return
    with TemporaryDirectory() as home:
        options = (
            "--batch",
            "--no-tty",
            "--homedir",
            home,
            "--trust-model",
            "always",
            "--compress-algo",
            "none",
        )
        recipient = ("--recipient-file", key, "--encrypt")
        with _program(*options, *recipient, stdin=subprocess.PIPE, stdout=out) as process:
            yield cast("BinaryIO", process.stdin)


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Read a backup in the block, decrypted with the keys of whoever runs this.

    What was read is sound only if the block ends without BackupError.
    """
    if file.suffix != SEALED:
        with file.open("rb") as plain:
            yield plain
        return
    with _program("--decrypt", str(file), stdout=subprocess.PIPE) as process:
        yield cast("BinaryIO", process.stdout)


@contextmanager
def _program(
    *options: str, stdin: int = subprocess.DEVNULL, stdout: int | BinaryIO
) -> Iterator["subprocess.Popen[bytes]"]:
    try:
        process = subprocess.Popen(  # noqa: S603 - our own options, without a shell
            ["gpg", "--quiet", *options],  # noqa: S607 - wherever the system has it
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise BackupError("gpg is not on this machine: it is what encrypts.") from None
    with process:
        try:
            yield process
        except Exception as error:
            # What the program says is the cause, unless it only lost whom it worked for.
            told = _told(process)
            if process.returncode > 0:
                raise BackupError(told) from error
            raise
        told = _told(process)
    if process.returncode:
        raise BackupError(told)


def _told(process: "subprocess.Popen[bytes]") -> str:
    """Wait for the end of the program; return the last line that it told."""
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()
    lines = cast("BinaryIO", process.stderr).read().decode(errors="replace").splitlines()
    process.wait()
    return lines[-1] if lines else "gpg gave no reason"

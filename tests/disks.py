"""Small disks to fill."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.postgres import ground


@pytest.fixture
def mounted() -> Iterator[Callable[[int], Path]]:
    """Mount a file system of so many KiB that PostgreSQL can access too."""
    if os.geteuid() != 0:
        missing("the right to mount a small disk")
    disks: list[Path] = []

    def mount(size: int) -> Path:
        disks.append(home / f"disk-{len(disks)}")
        disks[-1].mkdir()
        tmpfs = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disks[-1])]
        if subprocess.run(tmpfs, check=False, capture_output=True).returncode:
            disks.pop()
            missing("the right to mount a small disk")
        return disks[-1]

    with ground() as home:
        yield mount
        for disk in disks:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill_disk(disk: Path) -> Path:
    """Fill `disk` to the last byte; return the file that fills it."""
    filler = disk / "filler"
    file = os.open(filler, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError:
        os.close(file)
    return filler

"""The files of the repository, as a clone has them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from neupusti.config.values import ROOT

PACKAGE = ROOT / "neupusti"
TEMPLATES = ROOT / "templates"
TESTS = ROOT / "tests"


@cache
def files() -> tuple[Path, ...]:
    """Return every tracked file, and every untracked one that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return tuple(
        path for name in sorted(listed) if name and (path := ROOT / name).is_file()
    )


def modules() -> Iterator[Path]:
    """Yield every Python file."""
    return (path for path in files() if path.suffix == ".py")


@cache
def tree(path: Path) -> ast.Module:
    """Return a parsed module."""
    return ast.parse(path.read_text())


def text(path: Path) -> str:
    """Return the text of a file; empty for a binary one."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def name(path: Path) -> str:
    """Return the path relative to the repository."""
    return path.relative_to(ROOT).as_posix()

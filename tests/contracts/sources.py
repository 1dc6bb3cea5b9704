"""The tree as the contracts read it: what a clone would hold."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from neupusti.config.settings import ROOT

PACKAGE = ROOT / "neupusti"
TEMPLATES = ROOT / "templates"
TESTS = ROOT / "tests"


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the tree, and those not committed yet but not ignored either."""
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
    """Return what a file says; nothing for a picture."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def name(path: Path) -> str:
    """Return the path as the tree has it."""
    return path.relative_to(ROOT).as_posix()

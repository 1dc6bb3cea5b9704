"""Laying down the skeleton of a new feature: all of it or nothing.

The skeleton stands in `neupusti/site/skeleton/`, each file under the path it gets in the
tree. NAME and NUMBER in a path, and `$name` and the like in a text, are what each feature
has of its own; catalogues are merged into those of the tree.
"""

import keyword
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from string import Template

from alembic.script import ScriptDirectory
from babel.messages.pofile import read_po, write_po

from neupusti.config.checks import PREFIX

SKELETON = Path(__file__).parents[1] / "skeleton"
SUFFIX = ".tmpl"
NAME = re.compile(r"[a-z]+(?:_[a-z]+)*", re.ASCII)
LONGEST = 20
"""Longer names would break the lines of the skeleton."""
MEANINGLESS = frozenset({"common", "helpers", "misc", "util", "utils"})
OWN_IMPORTS = re.compile(r"(?:^from neupusti\..+\n)+", re.MULTILINE)
LINE = 92


class NewFeatureError(Exception):
    """A feature that cannot be laid down; the message says why."""


def lay_down(
    root: Path, name: str, *, taken: Collection[str], documents: Iterable[str]
) -> list[str]:
    """Write feature `name` into the tree at `root`; return the paths written or changed.

    `taken` holds the names that stand for something else; `documents` are the files whose
    tables the new feature changes. Raise NewFeatureError or OSError, with the tree as it
    was.
    """
    _check_name(name, taken)
    folders = [root / top / name for top in ("neupusti", "templates", "tests")]
    _check_tree(root, folders)
    files = _rendered(root, name)
    app = root / "neupusti" / "app.py"
    files[app] = _with_layer(app.read_text(), name).encode()
    tables = [root / document for document in documents]
    with _undone_on_failure(folders, [*files, *tables]) as before:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _write_documents(root)
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    return sorted(path.relative_to(root).as_posix() for path in changed)


def _check_name(name: str, taken: Collection[str]) -> None:
    if not NAME.fullmatch(name):
        raise NewFeatureError(
            f"«{name}» cannot be the name of a feature: write Latin lower-case letters, "
            "words joined by «_»."
        )
    if len(name) > LONGEST:
        raise NewFeatureError(f"«{name}» is longer than {LONGEST} characters.")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise NewFeatureError(f"«{name}» is a word of Python itself.")
    if name in sys.stdlib_module_names:
        raise NewFeatureError(f"«{name}» is a module of Python's standard library.")
    if name in MEANINGLESS:
        raise NewFeatureError(f"«{name}» does not say what the feature is for.")
    if name in taken:
        raise NewFeatureError(
            f"«{name}» is taken: by a feature, a table, a cookie or an address of accounts."
        )


def _check_tree(root: Path, folders: list[Path]) -> None:
    for part in ("migrations/versions", "templates", "tests", "translations"):
        if not (root / part).is_dir():
            raise NewFeatureError(f"This works in the source tree only: no {part}/ here.")
    for folder in folders:
        for path in (folder, folder.with_suffix(".py")):
            if os.path.lexists(path):
                raise NewFeatureError(f"{path.relative_to(root)} is there already.")


def _rendered(root: Path, name: str) -> dict[Path, bytes]:
    """Return what the files of the skeleton become, by their paths."""
    heads = ScriptDirectory(str(root / "migrations")).get_heads()
    if len(heads) != 1:
        raise NewFeatureError(f"The migrations have no single head: {', '.join(heads)}.")
    values = {
        "name": name,
        "path": name.replace("_", "-"),
        "entity": f"{name.title().replace('_', '')}Entry",
        "head": heads[0],
        "number": f"{int(heads[0]) + 1:04}",
    }
    files: dict[Path, bytes] = {}
    for source in sorted(SKELETON.rglob(f"*{SUFFIX}")):
        place = source.relative_to(SKELETON).as_posix().removesuffix(SUFFIX)
        path = root / place.replace("NAME", name).replace("NUMBER", values["number"])
        text = Template(source.read_text()).substitute(values)
        if path.suffix == ".po":
            files[path] = _merged(path.read_bytes(), text.encode())
        else:
            files[path] = OWN_IMPORTS.sub(_in_order, text).encode()
    return files


def _merged(catalogue: bytes, words: bytes) -> bytes:
    """Return `catalogue` with the messages of `words`; what is translated stays so."""
    whole = read_po(BytesIO(catalogue))
    for message in read_po(BytesIO(words)):
        if message.id:
            whole.add(message.id, message.string, message.locations)
    merged = BytesIO()
    write_po(merged, whole, sort_by_file=True)
    return merged.getvalue()


def _in_order(imports: re.Match[str]) -> str:
    """Sort imports by module: where the new one belongs depends on its name."""
    lines = imports[0].splitlines(keepends=True)
    return "".join(sorted(lines, key=lambda line: line.split()[1]))


def _with_layer(app: str, name: str) -> str:
    """Return the source of the app with `name` on the topmost line of its layers."""
    start = app.find("\nLAYERS = (\n")
    end = app.find('",\n)\n', start)
    if min(start, end) < 0:
        raise NewFeatureError("neupusti/app.py has no list LAYERS that could be read.")
    length = end - app.rindex("\n", start, end) + len(name) + len('",')
    joint = " " if length <= LINE else '",\n    "'
    return f"{app[:end]}{joint}{name}{app[end:]}"


@contextmanager
def _undone_on_failure(
    folders: list[Path], files: list[Path]
) -> Iterator[dict[Path, bytes | None]]:
    """Yield what `files` hold, and put them back if the block fails.

    Of `folders`, none was there before.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    try:
        yield before
    except BaseException:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def _write_documents(root: Path) -> None:
    """Let a fresh process, which knows the feature, write the tables of the documents.

    Without the settings of this one: the tables show the defaults.
    """
    plain = {key: word for key, word in os.environ.items() if not key.startswith(PREFIX)}
    command = [sys.executable, "-m", "flask", "site", "docs"]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=root, env=plain, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise NewFeatureError(f"The site does not start with it: {last}")

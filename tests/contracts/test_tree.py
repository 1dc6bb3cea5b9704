import re
from pathlib import Path

from neupusti.config.values import ROOT
from tests.contracts import sources

# With a class of one letter in each, so that this file does not find itself.
TODO_MARKS = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b")
REGISTRY = re.compile(
    r"p[y]pi\.(?:org|python)|p[y]thonhosted|n[p]mjs\.|r[e]gistry\.(?:npm|yarn)|p[r]oxy\.golang"
    r"|--(?:extra-)?i[n]dex-url|--f[i]nd-links|--t[r]usted-host",
    re.IGNORECASE,
)
WITHOUT_HOSTS = re.compile(r"--no-emit-[a-z-]+")
PUBLIC_CSS_BYTES = 12 * 1024


def machine_paths() -> list[str]:
    """Return the paths of this machine: the checkout, its parent, the home folder."""
    folders = {ROOT, ROOT.parent, Path.home()}
    return [f"{folder}/" for folder in folders if len(folder.parts) > 1]


def places(pattern: re.Pattern[str], *, but: re.Pattern[str] | None = None) -> list[str]:
    return [
        f"{sources.name(path)}:{number}"
        for path in sources.files()
        for number, line in enumerate(sources.text(path).splitlines(), 1)
        if pattern.search(but.sub("", line) if but else line)
    ]


def test_no_todo_is_left() -> None:
    assert places(TODO_MARKS) == []


def test_no_file_names_the_host_of_a_registry() -> None:
    assert places(REGISTRY, but=WITHOUT_HOSTS) == []


def test_no_file_names_a_path_of_this_machine() -> None:
    named = re.compile(
        "|".join(rf"(?<![\w.]){re.escape(path)}" for path in machine_paths())
    )
    assert places(named) == []


def test_a_lock_pins_every_package_by_its_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lock = (ROOT / name).read_text()
        pinned = re.findall(
            r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==\S+ \\$", lock, re.MULTILINE
        )
        named = re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE)
        assert len(pinned) == len(named) > 20, name
        assert lock.count("--hash=sha256:") >= len(pinned)


def test_the_public_style_sheet_stays_small() -> None:
    assert (ROOT / "static" / "site.css").stat().st_size <= PUBLIC_CSS_BYTES

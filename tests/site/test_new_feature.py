"""`flask site new-feature`: what it lays down holds, and touches nothing else."""

import errno
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from babel.messages.pofile import read_po
from flask import Flask

from neupusti.config.checks import PREFIX
from neupusti.config.values import ROOT
from neupusti.site.service import new_feature as service
from neupusti.site.service.new_feature import NewFeatureError, lay_down
from neupusti.site.views import new_feature
from tests.conftest import SQLITE
from tests.contracts import sources
from tests.served import environment

pytestmark = pytest.mark.slow
TOOLS = Path(sys.executable).parent
CHANGED = {
    "neupusti/app.py",
    *(f"translations/{one}/LC_MESSAGES/messages.po" for one in ("ru", "kk")),
    # Made from the manifests; a contract compares them:
    *("docs/access-control.md", "docs/data-map.md"),
}
OF_FORMATS = ("domains_as_typed", "formats", "kept_folder", "log_formats")
"""Contracts about what is stored already: they ask a new feature for nothing."""
FIRST = ("completeness", "columns", "numbers", "templates", "words")
"""Contracts that a skeleton breaks first."""
STYLE = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("lint-imports",))
NAMES = ("a", *(f"{one}_of_long_names" for one in ("basket", "market", "quiver", "wallet")))


def copied(folder: Path) -> Path:
    """Copy the tree, as a clone would hold it, into a repository of its own."""
    for path in sources.files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def held(tree: Path) -> dict[str, bytes]:
    """Return what every file of `tree` holds that is not ignored."""
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    return {name: (tree / name).read_bytes() for name in listed.stdout.split("\0") if name}


def ran(tree: Path, *command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the tools of this environment in `tree`."""
    tool, *words = command
    return subprocess.run(
        [str(TOOLS / tool), *words],
        cwd=tree,
        env=environment() | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def checked(tree: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run tests of `tree` on SQLite."""
    return ran(tree, "pytest", "-q", "-k", "not postgresql", *words)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy for one test that changes it."""
    return copied(tmp_path / "tree")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which every command is refused."""
    return copied(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="module")
def before(untouched: Path) -> dict[str, bytes]:
    """What the tree holds without a wishlist."""
    return held(untouched)


@pytest.fixture(scope="module")
def wishlist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with one feature more, laid down by the command.

    The documents hold the defaults, whatever is set where the command runs.
    """
    tree = copied(tmp_path_factory.mktemp("wishlist"))
    command = ("flask", "site", "new-feature", "wishlist")
    done = ran(tree, *command, **{f"{PREFIX}ACCESS_DAYS": "60"})
    assert done.returncode == 0, done.stderr
    return tree


def test_only_one_line_a_migration_and_words_are_outside_its_folders(
    wishlist: Path, before: dict[str, bytes]
) -> None:
    after = held(wishlist)
    assert before.keys() <= after.keys()
    assert {name for name in before if before[name] != after[name]} == CHANGED
    own = re.compile(r"(?:neupusti|templates|tests)/wishlist/")
    [migration] = [name for name in after.keys() - before.keys() if not own.match(name)]
    assert re.fullmatch(r"migrations/versions/\d{4}_wishlist\.py", migration)
    old, new = (one["neupusti/app.py"].decode().splitlines() for one in (before, after))
    [pair] = [pair for pair in zip(old, new, strict=True) if len(set(pair)) > 1]
    assert pair[1] == pair[0].replace('",', ' wishlist",')


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_no_word_of_the_catalogues_is_lost(
    wishlist: Path, before: dict[str, bytes], language: str
) -> None:
    name = f"translations/{language}/LC_MESSAGES/messages.po"
    old, new = (read_po(BytesIO(one[name])) for one in (before, held(wishlist)))
    for message in filter(lambda one: one.id, old):
        kept = new.get(message.id, message.context)
        assert kept is not None, message.id
        assert kept.string == message.string, message.id
    assert len(new) > len(old)


def test_style_types_and_layers_hold(wishlist: Path) -> None:
    if (cache := ROOT / ".mypy_cache").is_dir():
        shutil.copytree(cache, wishlist / ".mypy_cache")
    for command in (
        *STYLE,
        ("djlint", "--quiet", "--lint", "templates/wishlist"),
        ("mypy", "neupusti/wishlist", "tests/wishlist"),
    ):
        done = ran(wishlist, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_hold(wishlist: Path) -> None:
    done = checked(wishlist, "tests/wishlist")
    assert done.returncode == 0, done.stdout


@pytest.mark.ordeal(0, 1)
def test_the_contracts_hold(wishlist: Path, size: int) -> None:
    """In the ordeal, all but `OF_FORMATS`."""
    first = [f"tests/contracts/test_{one}.py" for one in FIRST]
    apart = [f"--ignore=tests/contracts/test_{one}.py" for one in OF_FORMATS]
    done = checked(wishlist, *(("tests/contracts", *apart) if size else first))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("entry", "check"), [("holdings", "holdings"), ("retention", "terms")]
)
def test_what_is_taken_out_of_the_manifest_is_missed(
    wishlist: Path, entry: str, check: str
) -> None:
    manifest = wishlist / "neupusti" / "wishlist" / "feature.py"
    whole = manifest.read_text()
    less = f"FEATURE = __import__('dataclasses').replace(FEATURE, {entry}=())\n"
    manifest.write_text(whole + less)
    done = checked(wishlist, "tests/contracts/test_completeness.py")
    manifest.write_text(whole)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = re.findall(r"^FAILED \S+::(\S+)", done.stdout, re.MULTILINE)
    assert failed == [f"test_the_manifests_are_complete[{check}-sqlite]"]
    assert "wishlist_entry" in done.stdout


def layers(tree: Path) -> list[str]:
    """Return the lines of `LAYERS` as the app of `tree` has them."""
    source = (tree / "neupusti" / "app.py").read_text()
    listed = source.partition("\nLAYERS = (")[2].partition(")")[0]
    return re.findall(r'^    "(.+)",$', listed, re.MULTILINE)


def test_features_of_any_name_stand_side_by_side(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name is long or short for: the order of imports, and where lines break."""
    monkeypatch.setattr(service, "_write_documents", lambda _root: None)
    was = layers(tree)
    for name in NAMES:
        lay_down(tree, name, taken=(), documents=())
    assert " ".join(layers(tree)).split() == [*" ".join(was).split(), *NAMES]
    assert len(layers(tree)) == len(was) + 1
    for command in STYLE:
        done = ran(tree, *command)
        assert done.returncode == 0, done.stdout
    assert len(ScriptDirectory(str(tree / "migrations")).get_heads()) == 1


@pytest.fixture
def refused(
    app: Flask, untouched: Path, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Ask for a feature that cannot be; return what is said, the tree being as it was."""
    monkeypatch.setattr(new_feature, "ROOT", untouched)

    def ask(name: str) -> str:
        done = app.test_cli_runner().invoke(args=["site", "new-feature", "--", name])
        assert done.exit_code == 1, done.output
        assert held(untouched) == before
        assert not (untouched / "neupusti" / "wishlist").exists()
        assert done.output.startswith("Error: ")
        return done.output

    return ask


@SQLITE
@pytest.mark.parametrize(
    ("why", "names"),
    [
        ("cannot be the name", ("", "Wishlist", "wish-list", "wish2", "_a", "a__b", "--x")),
        ("cannot be the name", ("жәрмеңке", "a/../b", "../a", "a.b", "a b", "a\n", "ﬁsh")),
        ("is longer than 20", ("wishes_of_all_the_people",)),
        ("is a word of Python", ("class", "match")),
        ("standard library", ("calendar", "mailbox")),
        ("does not say", ("utils",)),
        ("is taken", ("accounts", "theme", "person", "activity", "two_factor")),
        ("is there already", ("core", "app", "layout", "contracts", "people")),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    refused: Callable[[str], str], why: str, names: tuple[str, ...]
) -> None:
    for name in names:
        assert why in refused(name), name


def test_the_second_time_it_is_refused(wishlist: Path) -> None:
    was = held(wishlist)
    done = ran(wishlist, "flask", "site", "new-feature", "wishlist")
    assert done.returncode == 1
    assert "«wishlist» is taken" in done.stderr
    assert held(wishlist) == was


@SQLITE
@pytest.mark.parametrize("written", [0, 4, 8, 12])
def test_a_full_disk_leaves_nothing_half_done(
    refused: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write, turn = Path.write_bytes, count()

    def failing(path: Path, content: bytes) -> int:
        if next(turn) != written:
            return write(path, content)
        write(path, content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", failing)
    assert "No space left" in refused("wishlist")


def test_a_site_that_does_not_start_with_it_stays_without_it(tree: Path) -> None:
    (tree / "wsgi.py").write_text("raise RuntimeError('no start')\n")
    was = held(tree)
    with pytest.raises(NewFeatureError, match="no start"):
        lay_down(tree, "wishlist", taken=(), documents=["docs/data-map.md"])
    assert held(tree) == was


def test_a_folder_that_is_there_is_left_alone(tree: Path) -> None:
    kept = tree / "templates" / "wishlist" / "mine.html"
    kept.parent.mkdir()
    kept.write_text("mine")
    was = held(tree)
    with pytest.raises(NewFeatureError, match="templates/wishlist is there already"):
        lay_down(tree, "wishlist", taken=(), documents=())
    assert held(tree) == was


def test_it_works_in_the_source_tree_only(tree: Path) -> None:
    """A server may have the package and the templates alone."""
    shutil.rmtree(tree / "tests")
    was = held(tree)
    with pytest.raises(NewFeatureError, match="no tests/ here"):
        lay_down(tree, "wishlist", taken=(), documents=())
    assert held(tree) == was

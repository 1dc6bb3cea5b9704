"""The lock files are complete, and install with an old and a new pip."""

import hashlib
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from neupusti.config.values import ROOT
from tests.conftest import missing
from tests.served import environment

RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
OLD_PIP, NEW_PIP = "pip==23.0.1", "pip"
STAMPS = {RUNTIME: ".venv/.runtime", DEVELOPMENT: ".venv/.dev"}
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module", params=[OLD_PIP, NEW_PIP])
def bare_venv(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the Makefile and a virtual environment with only this pip."""
    folder = tmp_path_factory.mktemp("venv")
    shutil.copy(ROOT / "Makefile", folder)
    assert make(folder, ".venv/bin/pip").returncode == 0
    command = [folder / ".venv/bin/pip", "install", "--quiet", "--upgrade", request.param]
    if subprocess.run(command, env=environment(), check=False).returncode:
        missing("an index of packages")
    return folder


@pytest.mark.parametrize(
    ("bare_venv", "lock"),
    [(OLD_PIP, RUNTIME), (NEW_PIP, DEVELOPMENT)],
    indirect=["bare_venv"],
)
def test_a_lock_installs(bare_venv: Path, lock: str) -> None:
    """The lock for development holds all of the other, and is in use here."""
    shutil.copyfile(ROOT / lock, bare_venv / lock)
    done = make(bare_venv, STAMPS[lock], PIP_DRY_RUN="1")
    assert done.returncode == 0, done.stdout


def test_a_later_release_is_not_preferred(bare_venv: Path) -> None:
    """The lock pins `asked` without the extra that `asking` requires."""
    pins = [
        wheel(bare_venv, "asking", "1.0", "Requires-Dist: asked[more]"),
        wheel(bare_venv, "asked", "1.0", "Provides-Extra: more"),
    ]
    wheel(bare_venv, "asked", "2.0", "Provides-Extra: more")
    own = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(bare_venv),
    }

    (bare_venv / RUNTIME).write_text(pins[0])
    incomplete = make(bare_venv, STAMPS[RUNTIME], **own)
    assert incomplete.returncode != 0
    assert "asking 1.0 requires asked, which is not installed" in incomplete.stdout

    (bare_venv / RUNTIME).write_text("".join(pins))
    complete = make(bare_venv, STAMPS[RUNTIME], **own)
    assert complete.returncode == 0, complete.stdout
    (installed,) = (bare_venv / ".venv").glob("lib/*/site-packages/asked-*.dist-info")
    assert installed.name == "asked-1.0.dist-info"


@pytest.mark.parametrize(("lock", "extra"), [(RUNTIME, ""), (DEVELOPMENT, "dev")])
def test_a_lock_is_complete_and_has_nothing_else(lock: str, extra: str) -> None:
    """Includes extras, which `pip check` ignores."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = project["dependencies"] + project["optional-dependencies"].get(extra, [])
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+) \\$", (ROOT / lock).read_text(), re.MULTILINE)
    )
    needed = requirements(direct)
    assert {canonicalize_name(each.name) for each in needed} == pinned.keys()
    assert [
        each
        for each in needed
        if pinned[canonicalize_name(each.name)] not in each.specifier
    ] == []


def test_the_bench_has_the_packages_that_it_needs(tmp_path: Path) -> None:
    """The bench uses test data and a browser, which are development dependencies."""
    for name in ("Makefile", RUNTIME, DEVELOPMENT):
        shutil.copy(ROOT / name, tmp_path)
    output = make(tmp_path, "--dry-run", "bench").stdout
    assert output.index(f"--requirement {DEVELOPMENT}") < output.index("python -m bench.")


def requirements(direct: Iterable[str]) -> set[Requirement]:
    """Return the transitive requirements on every supported Python."""
    found: set[Requirement] = set()
    pending = [Requirement(each) for each in direct]
    while pending:
        asked = pending.pop()
        if asked in found:
            continue
        found.add(asked)
        pending += (
            each
            for each in map(Requirement, metadata.requires(asked.name) or ())
            if each.marker is None
            or any(
                each.marker.evaluate({"python_version": python, "extra": extra})
                for python in PYTHONS
                for extra in ("", *asked.extras)
            )
        )
    return found


def make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make in a clean environment."""
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env=environment() | variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wheel(folder: Path, name: str, version: str, *more: str) -> str:
    """Write an empty wheel; return its line of a lock file."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata_lines = (f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *more, "")
    with ZipFile(path, "w") as archive:
        inside = f"{name}-{version}.dist-info"
        archive.writestr(f"{inside}/METADATA", "\n".join(metadata_lines))
        archive.writestr(f"{inside}/WHEEL", WHEEL)
        archive.writestr(f"{inside}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} --hash=sha256:{digest}\n"

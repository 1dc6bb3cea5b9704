"""`make run` in a fresh clone, with an empty environment."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from neupusti.config.values import ROOT
from tests.conftest import missing
from tests.served import await_answer, environment, free_port

SETUP_SECONDS = 600


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of the repository."""
    if shutil.which("make") is None or not (ROOT / ".git").exists():
        missing("make, or a git checkout of the project")
    folder = tmp_path_factory.mktemp("stranger") / "neupusti"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def test_one_command_serves_the_site_and_keeps_what_it_made(clone: Path) -> None:
    port = free_port()
    with running(clone, port, signal.SIGTERM):
        assert get(port, "/kk/policy/").startswith("<!DOCTYPE html>")
        assert '"main":"ok"' in get(port, "/readyz")
    secret = clone / "instance" / "secret"
    kept = secret.read_bytes()
    assert secret.stat().st_mode & 0o777 == 0o600
    listed = flask(clone, "policy", "list")
    assert listed.count("published") == 9

    with running(clone, port, signal.SIGINT):
        assert get(port, "/") != ""
    assert secret.read_bytes() == kept
    assert flask(clone, "policy", "list") == listed


@contextmanager
def running(clone: Path, port: int, stop: signal.Signals) -> Iterator[None]:
    """Run `make run` until it responds; then stop it and check that no process remains."""
    process = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment() | {"PORT": str(port)},
        start_new_session=True,
    )
    try:
        await_answer(process, port, SETUP_SECONDS)
        yield
    finally:
        os.killpg(process.pid, stop)
        process.wait(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def get(port: int, path: str) -> str:
    """Return the body of a page; its status must be 200."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def flask(clone: Path, *words: str) -> str:
    """Run a command of the site without further settings."""
    command = [str(clone / ".venv" / "bin" / "flask"), *words]
    done = subprocess.run(
        command, cwd=clone, env=environment(), capture_output=True, check=True, text=True
    )
    return done.stdout

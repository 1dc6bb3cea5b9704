"""A worker killed in the middle of an archive: the next run makes it, once."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core import clock
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.rights.models import RequestEvent, Step
from neupusti.rights.service import archive, exporting
from neupusti.rights.service.manifest import Manifest
from tests.conftest import SQLITE
from tests.rights.asking import bought, export_of, opened, work
from tests.rights.test_export import start
from tests.served import environment_of
from tests.times import Clock

KILLED = """
import os, signal
from neupusti.app import create_app
from neupusti.core.data import files
from neupusti.rights.service import archive, exporting

def half(whose, path, request):
    with files.replacing(path) as out:
        out.write(b"half of it")
        out.flush()
        os.kill(os.getpid(), signal.SIGKILL)

archive.write = half
with create_app().app_context():
    exporting.run()
"""


@pytest.mark.slow
def test_a_killed_worker_leaves_nothing_half_made(app: Flask, settings: Settings) -> None:
    bought(app)
    number = start(opened(app))
    ended = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env=environment_of(settings),
        check=False,
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert (export_of(number).state, export_of(number).name) == ("running", None)
    assert len(list(files.folder(exporting.FOLDER).glob("*.part"))) == 1
    work()
    made = export_of(number)
    assert (made.state, made.attempts) == ("ready", 2)


@SQLITE
def test_what_a_killed_worker_left_on_the_disk_is_swept(app: Flask, at: Clock) -> None:
    bought(app)
    part = files.folder(exporting.FOLDER) / f"{'0' * 32}{files.PART}"
    part.write_bytes(b"half of it")
    os.utime(part, times=(clock.now().timestamp(),) * 2)
    exporting.expire()
    assert part.exists()
    later = clock.now() + files.GRACE + timedelta(minutes=1)
    at(later)
    exporting.expire()
    assert not part.exists()


def test_what_another_machine_took_up_is_made_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one stood still, was taken for dead, and goes on."""
    bought(app)
    number = start(opened(app))
    write = archive.write

    def frozen(*arguments: Any) -> Manifest:
        monkeypatch.setattr(archive, "write", write)
        exporting.run()
        return write(*arguments)

    monkeypatch.setattr(archive, "write", frozen)
    work()
    made = export_of(number)
    assert (made.state, made.attempts) == ("ready", 2)
    kept = [file.name for file in files.folder(exporting.FOLDER).iterdir()]
    assert [name for name in kept if name != files.LOCK] == [made.name]
    ready = select(RequestEvent.id).filter_by(request=made.request, step=Step.READY.value)
    assert len(db.session.scalars(ready).all()) == 1

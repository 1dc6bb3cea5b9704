"""A restore that was killed midway: nobody is served and no e-mail goes out."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.backup.service import dumping, replaying, restoring
from neupusti.backup.service.restoring import Unpacked
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records import restore_mark
from neupusti.core.web.gate import UNFINISHED, Gate
from tests.admin.test_mail import queue
from tests.backup.test_backups import (
    folder,  # noqa: F401 - a fixture
    made,
    run,
)
from tests.backup.yesterday import lose

STEPS = [
    (dumping, "restore"),
    (restoring, "make_private"),
    (restoring, "_put"),
    (flask_migrate, "upgrade"),
    (replaying, "stop_mail"),
]
"""What a restore does once it has begun to change something."""


class KilledError(BaseException):
    """Stands for a signal: nothing that the command does next is done."""


def starts_shut() -> str:
    """Look as a worker that starts now; return why it is shut."""
    db.session.remove()
    started = Gate(frozenset())
    started.begin()
    return started.problem


@pytest.mark.parametrize(("module", "step"), STEPS)
def test_the_site_is_shut_until_the_restore_is_done_again(
    app: Flask,
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
) -> None:
    queue(OutboxState.QUEUED)
    file = made(app, folder)
    lose(app)
    whole = getattr(module, step)

    def killed(*given: object) -> None:
        if given[:1] == ("main",):  # that one is restored, and the next is not
            whole(*given)
            return
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        with pytest.raises(KilledError):
            run(app, "backup", "restore", file)
    assert starts_shut() == UNFINISHED
    code, told = run(app, "decisions", "replay")
    assert (code, "empty the databases" in told) == (1, True)
    lose(app)
    assert run(app, "backup", "restore", file)[0] == 0
    assert starts_shut() == ""
    assert db.session.scalars(select(OutboxEmail.state)).one() == OutboxState.UNSURE


def test_a_restore_that_has_changed_nothing_shuts_nobody_out(
    app: Flask,
    folder: Path,  # noqa: F811
) -> None:
    file = made(app, folder)
    assert run(app, "backup", "restore", file)[0] == 1
    file.write_bytes(file.read_bytes()[:1000])
    lose(app)
    assert run(app, "backup", "restore", file)[0] == 1
    assert not restore_mark.is_unfinished()


def test_a_restore_that_waited_for_another_finds_its_database_full(
    app: Flask,
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = made(app, folder)
    lose(app)
    unpacked = restoring.unpacked

    def after_another(file: Path, instance: Path) -> AbstractContextManager[Unpacked]:
        monkeypatch.setattr(restoring, "unpacked", unpacked)
        assert run(app, "backup", "restore", file)[0] == 0
        return unpacked(file, instance)

    monkeypatch.setattr(restoring, "unpacked", after_another)
    code, told = run(app, "backup", "restore", file)
    assert (code, "is not empty" in told) == (1, True)
    assert not restore_mark.is_unfinished()

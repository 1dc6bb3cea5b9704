"""Plants for the proofs of the backup feature."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.backup import proofs
from neupusti.backup.service import naming
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import ACCESS, db, writing
from neupusti.core.proofs import reading
from neupusti.core.proofs.proof import Check, Looking
from neupusti.core.records import decision_file
from neupusti.core.records.decisions import Decision, DecisionHead, State, decide
from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.proofs.planting import all_turn_red
from tests.proofs.rows import NOW


@contextmanager
def looking() -> Iterator[Looking]:
    with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
        yield Looking(main, access)


@contextmanager
def old_backup() -> Iterator[Looking]:
    """The newest backup is of the day before yesterday."""
    folder = Path(settings().instance) / "backups"
    folder.mkdir()
    made_at = clock.now() - timedelta(days=2)
    (folder / naming.name(made_at, 30, sealed=True)).touch()
    object.__setattr__(settings(), "backups", str(folder))
    with looking() as found:
        yield found
    object.__setattr__(settings(), "backups", "")


@contextmanager
def changed_file() -> Iterator[Looking]:
    """Somebody changes a line of the file of decisions."""
    decision_file.append(Decision.WITHDRAWN, ref="1")
    path = decision_file.path()
    path.write_bytes(path.read_bytes().replace(b'"ref":"1"', b'"ref":"2"'))
    with looking() as found:
        yield found
    path.unlink()


PLANTS = {"backup-fresh": old_backup, "decisions-known": changed_file}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)


@pytest.mark.clause("6.1.3")
def test_what_is_decided_during_a_run_is_known(app: Flask) -> None:
    known = proofs.ALL[1]
    assert isinstance(known, Check)
    with reading.looking() as found:
        found.main.execute(select(DecisionHead.n)).all()
        with writing() as session:
            decide(session, Decision.WITHDRAWN, ref="1")
        assert list(known.items(found)) == [State.CURRENT]


@SQLITE
@pytest.mark.clause("5.4")
@pytest.mark.manifest(field="duties")
def test_a_backup_is_fresh_and_encrypted(app: Flask, tmp_path: Path) -> None:
    fresh, now = proofs.ALL[0], clock.now()
    assert isinstance(fresh, Check)
    [duty] = next(one for one in registry().features if one.name == "backup").duties

    def newest() -> list[bool]:
        with looking() as found:
            wrong = [bool(fresh.wrong(one)) for one in fresh.items(found)]
        assert duty.open() == sum(wrong)
        return wrong

    assert newest() == []
    object.__setattr__(settings(), "backups", str(tmp_path / "none"))
    assert newest() == [True]
    object.__setattr__(settings(), "backups", str(tmp_path))
    assert newest() == [True]
    (tmp_path / naming.name(now - timedelta(days=2), 30, sealed=True)).touch()
    assert newest() == [True]
    (tmp_path / naming.name(now - timedelta(hours=1), 30, sealed=True)).touch()
    assert newest() == [False]
    (tmp_path / naming.name(now, 30, sealed=False)).touch()
    assert newest() == [True]

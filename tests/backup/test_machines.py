"""Several machines on one PostgreSQL: each has its own file of decisions."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import delete, select

from neupusti.backup.service import replaying
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core.data import machine
from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.decision_file import UnrecordedError
from neupusti.core.records.decisions import Decision, DecisionHead, State, decide
from neupusti.core.web.gate import gate
from tests.lending import machines, opened

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)


@pytest.fixture
def two(settings: Settings, tmp_path: Path) -> Iterator[list[Flask]]:
    """Two machines of one site."""
    with machines(settings, tmp_path) as apps:
        yield apps


def decided(app: Flask, *persons: int) -> None:
    values = {"method": "button"}
    with app.app_context():
        for person in persons:
            with writing() as session:
                decide(session, Decision.WITHDRAWN, person=person, ref="1", values=values)


def looked_at(app: Flask) -> str:
    """Return what is wrong as the site starts on a machine."""
    with app.app_context():
        gate().begin()
        return gate().problem


def test_each_machine_decides_and_none_misses_the_decisions_of_another(
    two: list[Flask],
) -> None:
    for turn in range(3):
        for app in two:
            decided(app, turn)
    assert [looked_at(app) for app in two] == ["", ""]
    for app in two:
        with app.app_context():
            found = decisions.standing(db.session())
            assert (found.state, found.lines, found.interrupted) == (State.CURRENT, 6, [])


def test_a_restored_database_shuts_the_machine_whose_decisions_it_lacks(
    two: list[Flask],
) -> None:
    for app in two:
        decided(app, 7, 8)
    with two[0].app_context(), writing() as session:
        own = DecisionHead.machine == machine.name()
        session.execute(delete(DecisionHead).where(own, DecisionHead.n == 3))
    assert [looked_at(app) for app in two] == ["behind by 1", ""]


def test_the_decisions_of_a_dead_machine_are_repeated_from_its_file(
    two: list[Flask], settings: Settings, tmp_path: Path
) -> None:
    """In an empty data folder of its own, which is a machine for as long as it takes."""
    decided(two[0], 7, 8)
    decided(two[1], 9)
    with two[1].app_context(), writing() as session:
        session.execute(delete(DecisionHead).where(DecisionHead.n == 3))
    (folder := tmp_path / "dead").mkdir()
    shutil.copy(Path(two[0].instance_path) / decision_file.NAME, folder)
    with opened(replace(settings, instance=folder)):
        assert [line.person for line in replaying.missing()] == [8]
        replaying.replay(replaying.missing())
        assert gate().look() == ""
    assert [looked_at(app) for app in two] == ["", ""]


def test_a_machine_that_has_lost_its_file_is_shut_and_the_other_goes_on(
    two: list[Flask],
) -> None:
    for app in two:
        decided(app, 7)
    with two[0].app_context():
        decision_file.path().unlink()
    assert [looked_at(app) for app in two] == ["lost: 1 missing from the file", ""]
    decided(two[1], 8)


def test_of_two_machines_with_a_copied_folder_the_second_is_refused(
    two: list[Flask],
) -> None:
    """Until the name in the copy is deleted: then it is a machine of its own."""
    decided(two[0], 7)
    for name in (machine.FILE, decision_file.NAME):
        shutil.copy(Path(two[0].instance_path) / name, two[1].instance_path)
    decided(two[0], 8)
    with pytest.raises(UnrecordedError):
        decided(two[1], 9)
    (Path(two[1].instance_path) / machine.FILE).unlink()
    decided(two[1], 9)
    assert [looked_at(app) for app in two] == ["", ""]


def test_a_folder_that_was_put_together_again_knows_its_decisions(
    two: list[Flask],
) -> None:
    """It has its file, and another name."""
    decided(two[0], 7, 8)
    with two[0].app_context():
        (Path(two[0].instance_path) / machine.FILE).unlink()
    assert looked_at(two[0]) == ""


def test_what_was_decided_before_there_were_machines_is_of_the_one_there_was(
    two: list[Flask],
) -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    own = next(x for x in scripts.walk_revisions() if x.path.endswith("of_machines.py"))
    decided(two[0], 7)
    with two[0].app_context():
        flask_migrate.downgrade(revision=own.down_revision)
        flask_migrate.upgrade()
        rows = select(DecisionHead.machine, DecisionHead.n)
        assert db.session.execute(rows).all() == [(machine.name(), 1)]
        decision_file.path().unlink()
    assert [looked_at(app) for app in two] == ["lost: 1 missing from the file", ""]

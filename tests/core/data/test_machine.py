"""The name of a machine among those that share one database."""

import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from neupusti.config.settings import Settings
from neupusti.core.data import machine
from tests.lending import opened


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_each_data_folder_is_a_machine(settings: Settings, tmp_path: Path) -> None:
    other, copied = (replace(settings, instance=tmp_path / name) for name in "ab")
    with opened(settings):
        own = machine.name()
        assert machine.name() == own
    file = tmp_path / machine.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with opened(other):
        assert machine.name() != own
        assert len(machine.name()) == len(own) == machine.DIGITS
    copied.instance.mkdir()
    shutil.copy(file, copied.instance)
    with opened(copied):
        assert machine.name() == own
    with opened(settings):
        assert machine.name() == own


@pytest.mark.parametrize("lend_databases", ["sqlite"], indirect=True)
def test_on_sqlite_there_is_one_machine(app: Flask) -> None:
    assert machine.name() == ""
    assert not (Path(app.instance_path) / machine.FILE).exists()

from collections.abc import Callable

import pytest
from flask import Flask

from neupusti.config.settings import ROOT

README = ROOT / "README.md"


@pytest.fixture
def table(made: Callable[..., Flask]) -> str:
    """The settings as the program itself tells them."""
    result = made().test_cli_runner().invoke(args=["site", "settings"])
    assert result.exit_code == 0
    return result.output.strip()


def test_the_readme_tells_every_setting_as_the_program_does(table: str) -> None:
    assert table.count("NEUPUSTI_") >= 15
    assert table in README.read_text()

from pathlib import Path

import pytest

from neupusti.app import create_app
from neupusti.config import ROOT, Settings

README = ROOT / "README.md"


@pytest.fixture
def table(tmp_path: Path) -> str:
    """The settings as the program itself tells them."""
    app = create_app(Settings(secret_key="s" * 32, instance=tmp_path))
    result = app.test_cli_runner().invoke(args=["site", "settings"])
    assert result.exit_code == 0
    return result.output.strip()


def test_the_readme_tells_every_setting_as_the_program_does(table: str) -> None:
    assert table.count("NEUPUSTI_") >= 15
    assert table in README.read_text()

"""All that runs on both databases does so in `make test` or in `make ahead`."""

import re

from neupusti.config.values import ROOT
from tests.conftest import ABOUT_SQL
from tests.contracts.sources import TESTS


def test_what_ahead_leaves_out_is_about_sql() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nahead:")[2].partition("\n\n")[0]
    left_out = re.findall(r"--ignore=tests/(\S+)", recipe)
    assert left_out
    assert {f"{folder}/" for folder in left_out} <= {*ABOUT_SQL}


def test_what_is_about_sql_is_there() -> None:
    assert [begin for begin in ABOUT_SQL if not any(TESTS.glob(f"{begin}*"))] == []

"""Each situation of docs/shop.md has a test that carries its number."""

import ast
import re

from neupusti.config.values import ROOT
from tests.contracts.sources import TESTS, modules, tree

ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


def marked() -> set[int]:
    """Return the numbers that tests are marked with: `pytest.mark.situation(number)`."""
    calls = (
        node
        for path in modules()
        if path.is_relative_to(TESTS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.situation"
    )
    return {ast.literal_eval(call.args[0]) for call in calls}


def test_every_situation_of_the_document_has_a_test() -> None:
    told = [*map(int, ROW.findall((ROOT / "docs/shop.md").read_text()))]
    assert told == sorted(set(told))
    assert {*told} == marked()

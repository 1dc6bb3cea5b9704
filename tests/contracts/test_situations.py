"""Each situation of docs/shop.md and docs/rights.md has a test that carries its number."""

import ast
import re

import pytest

from neupusti.config.values import ROOT
from tests.contracts.sources import TESTS, modules, tree

ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)


def marked(document: str) -> set[int]:
    """Return the numbers that tests are marked with.

    `pytest.mark.situation(number)` is of the shop, with `of="rights"` of that document.
    """
    calls = (
        node
        for path in modules()
        if path.is_relative_to(TESTS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.situation"
    )
    found = (
        (ast.literal_eval(call.args[0]), [ast.literal_eval(k.value) for k in call.keywords])
        for call in calls
    )
    return {number for number, of in found if (of or ["shop"]) == [document]}


@pytest.mark.parametrize("document", ["shop", "rights"])
def test_every_situation_of_the_document_has_a_test(document: str) -> None:
    told = [*map(int, ROW.findall((ROOT / f"docs/{document}.md").read_text()))]
    assert told == sorted(set(told)) != []
    assert {*told} == marked(document)

"""Every module of proofs is among those whose changes a test has to notice."""

import ast

from tests.contracts import mutate
from tests.contracts.sources import PACKAGE, modules, name, tree

OWN = PACKAGE / "core/proofs"
"""What runs proofs; it has rows of its own in the table."""


def test_every_module_that_makes_proofs_is_tried() -> None:
    making = {
        name(path)
        for path in modules()
        if path.is_relative_to(PACKAGE) and not path.is_relative_to(OWN)
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom) and node.module == "neupusti.core.proofs.proof"
        if {"Check", "Proof"} & {alias.name for alias in node.names}
    }
    rows = {module: row for module, row in mutate.guarded() if row.get("ordeal")}
    assert making == {*rows} != set()
    assert {(row["minimum"], row["sql"]) for row in rows.values()} == {(100, True)}

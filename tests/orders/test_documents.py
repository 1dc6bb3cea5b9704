"""The tables of moves in the documents are those of the code."""

from flask import Flask

from neupusti.config.values import ROOT
from tests.conftest import SQLITE


@SQLITE
def test_the_document_holds_the_tables_of_moves(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["orders", "moves"])
    assert printed.exit_code == 0, printed.output
    assert "| parcel | packed | handed_over | staff |" in printed.output
    between = f"<!-- moves -->\n{printed.output}<!-- /moves -->"
    assert between in (ROOT / "docs/shop.md").read_text()

"""Tables in the documents are what the site itself prints; `make docs` brings them in."""

import pytest
from flask import Flask

from neupusti.config.values import ROOT
from tests.conftest import SQLITE

TABLES = {
    "settings": ("README.md", "NEUPUSTI_SECRET_KEY"),
    "routes": ("docs/access-control.md", "/account/login"),
    "data-map": ("docs/data-map.md", "person.email_key"),
}


@SQLITE
@pytest.mark.parametrize("name", TABLES)
def test_a_document_holds_what_the_site_prints(app: Flask, name: str) -> None:
    file, known = TABLES[name]
    printed = app.test_cli_runner().invoke(args=["site", name])
    assert printed.exit_code == 0, printed.output
    assert known in printed.output
    between = f"<!-- {name} -->\n{printed.output}<!-- /{name} -->"
    assert between in (ROOT / file).read_text()

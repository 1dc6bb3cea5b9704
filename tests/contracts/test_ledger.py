from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.config.values import ROOT
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.policy.service import ledger, parser
from neupusti.policy.service.ledger import FulfilmentWay
from neupusti.policy.views.blueprint import clause_accounts
from neupusti.policy.views.proofs import names
from tests.conftest import SQLITE

EDITIONS = sorted((ROOT / "neupusti" / "policy" / "editions").glob("*.txt"))
NEWEST = [path for path in EDITIONS if path.stem[:10] == EDITIONS[-1].stem[:10]]
MARKED = ledger.proofs(ROOT / "tests")


@pytest.mark.parametrize("path", NEWEST, ids=lambda path: path.stem)
def test_the_ledger_has_exactly_the_clauses_of_the_edition(path: Path) -> None:
    document = parser.parse(path.read_text())
    assert [*ledger.entries()] == [*document.clauses]


def test_every_entry_has_three_languages() -> None:
    for number, entry in ledger.entries().items():
        assert set(entry.sentences) == {"ru", "kk", "en"}
        assert all(
            sentence.strip().endswith(".") for sentence in entry.sentences.values()
        ), number


@SQLITE
def test_what_a_feature_claims_is_in_the_ledger_and_proven(app: Flask) -> None:
    claimed = registry().clauses
    assert claimed.keys() <= ledger.entries().keys()
    assert [number for number in claimed if number not in MARKED] == []


def test_what_a_test_proves_is_a_clause() -> None:
    assert MARKED.keys() <= ledger.entries().keys()


@SQLITE
def test_an_unclaimed_clause_is_not_built(app: Flask) -> None:
    claimed = registry().clauses
    accounts = clause_accounts()
    assert accounts.keys() == ledger.entries().keys()
    for number, one in accounts.items():
        assert one.features == claimed.get(number, ())
        assert one.proofs == MARKED.get(number, ())
        if one.entry.way is not FulfilmentWay.PRESENTED:
            assert one.built is (number in claimed), number


@SQLITE
def test_every_tool_of_the_table_is_one_click_away(client: FlaskClient, app: Flask) -> None:
    for number, one in clause_accounts().items():
        if one.tool:
            assert client.get(one.tool, follow_redirects=True).status_code == 200, number


def test_every_proof_has_a_name_in_each_language() -> None:
    files = {proof.partition("::")[0] for found in MARKED.values() for proof in found}
    assert sorted(files - names().keys()) == []
    for name, written in names().items():
        assert written.keys() == {language.value for language in Language}, name

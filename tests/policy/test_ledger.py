import ast
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.service import ledger
from neupusti.policy.service.ledger import ClauseAccount, FulfilmentWay, LedgerEntry

SENTENCES = {"ru": "делает", "kk": "істейді", "en": "does"}


def clause_accounts(
    way: FulfilmentWay, *, tool: str | None = None, **found: object
) -> ClauseAccount:
    entry = LedgerEntry("3.1", way, tool, SENTENCES)
    settings = {"features": (), "proofs": (), "tool": None, **found}
    return ClauseAccount(entry=entry, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "built"),
    [
        (clause_accounts(FulfilmentWay.CARRIED_OUT), False),
        (clause_accounts(FulfilmentWay.CARRIED_OUT, features=("policy",)), True),
        (clause_accounts(FulfilmentWay.SUPERSEDED, features=("policy",)), True),
        (clause_accounts(FulfilmentWay.PRESENTED), True),
        (clause_accounts(FulfilmentWay.PRESENTED, tool="/rights/"), False),
        (clause_accounts(FulfilmentWay.PRESENTED, tool="/policy/"), False),
    ],
)
def test_a_clause_is_built_only_where_a_feature_or_page_exists(
    one: ClauseAccount,
    built: bool,  # noqa: FBT001
) -> None:
    assert one.built is built


def test_a_presented_clause_with_an_open_tool_is_built() -> None:
    entry = LedgerEntry("1.1", FulfilmentWay.PRESENTED, "/policy/", SENTENCES)
    one = ClauseAccount(entry=entry, features=(), proofs=(), tool="/policy/")
    assert one.built
    assert one.sentence(Language.KK) == "істейді"


def test_proofs_are_read_from_the_marks_on_tests(tmp_path: Path) -> None:
    tests = tmp_path / "tests" / "shop"
    tests.mkdir(parents=True)
    (tests / "test_one.py").write_text(
        "import pytest\n"
        '@pytest.mark.clause("3.1", "3.2")\n'
        "def test_a() -> None: ...\n"
        '@pytest.mark.parametrize("x", [1])\n'
        '@pytest.mark.clause("3.1")\n'
        "def test_b(x) -> None: ...\n"
        "def test_c() -> None: ...\n"
    )
    assert ledger.proofs(tmp_path / "tests") == {
        "3.1": ("tests/shop/test_one.py::test_a", "tests/shop/test_one.py::test_b"),
        "3.2": ("tests/shop/test_one.py::test_a",),
    }


def test_threads_that_ask_at_once_read_the_tests_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two `ast.parse` that meet raise SystemError in Python 3.11."""
    (tmp_path / "test_one.py").write_text('@pytest.mark.clause("3.1")\ndef test_a(): ...\n')
    parse, read = ast.parse, []

    def slowly(source: str) -> ast.Module:
        read.append(source)
        time.sleep(0.05)
        return parse(source)

    monkeypatch.setattr(ast, "parse", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ledger.proofs, [tmp_path] * 4))
    assert len(read) == 1
    assert all(one == found[0] and one["3.1"] for one in found)


def test_without_the_tests_nothing_is_proven(tmp_path: Path) -> None:
    assert ledger.proofs(tmp_path) == {}


@pytest.mark.parametrize("language", Language)
def test_every_clause_stands_in_the_table(client: FlaskClient, language: Language) -> None:
    page = client.get(f"{language.prefix}/policy/ledger/").text
    for number, entry in ledger.entries().items():
        assert f"/{number}" in page or number == "preamble"
        assert entry.sentences[language] in page.replace("&#39;", "'")


@pytest.mark.clause("9.3")
def test_the_table_names_the_tests_and_what_is_not_there_yet(client: FlaskClient) -> None:
    page = client.get("/en/policy/ledger/").text
    assert "every clause and edition has its own page" in page
    assert "Not built yet" in page

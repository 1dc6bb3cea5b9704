"""The ledger: what this site does about each clause, and which tests prove it.

The sentences are data (`ledger.toml`); whether a clause is carried out is read from the
manifests of the features, and its proofs from the markers of the tests. Which entry speaks
of which clause of an edition follows from the words (`binding.py`), never from the number.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from threading import Lock

from neupusti.core.text.languages import Language

DATA = Path(__file__).parents[1] / "ledger.toml"


class FulfilmentWay(StrEnum):
    """How the site meets a clause."""

    CARRIED_OUT = "carried out"
    PRESENTED = "presented"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One clause of `ledger.toml`."""

    number: str
    way: FulfilmentWay
    tool: str | None
    sentences: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ClauseAccount:
    """The state of one clause on the running site."""

    entry: LedgerEntry
    features: tuple[str, ...]
    proofs: tuple[str, ...]
    tool: str | None
    likeness: float = 1
    """How alike the clause is to the wording that the entry was written for."""

    @property
    def built(self) -> bool:
        """Whether a feature claims the clause; a presented one needs its tool, if any."""
        if self.entry.way is FulfilmentWay.PRESENTED:
            return self.entry.tool is None or self.tool is not None
        return bool(self.features)

    def sentence(self, language: Language) -> str:
        """Return the sentence about this clause."""
        return self.entry.sentences[language]


@cache
def entries() -> dict[str, LedgerEntry]:
    """Return `ledger.toml` as clause number -> entry, in order."""
    with DATA.open("rb") as file:
        rows = tomllib.load(file)["clause"]
    return {
        row["number"]: LedgerEntry(
            number=row["number"],
            way=FulfilmentWay(row["kind"]),
            tool=row.get("tool"),
            sentences={language.value: row[language.value] for language in Language},
        )
        for row in rows
    }


_reading = Lock()


def proofs(tests: Path) -> dict[str, tuple[str, ...]]:
    """Return clause -> the tests marked `@pytest.mark.clause(number)`, as `file::test`."""
    # One thread at a time: Python 3.11 counts the depth of `ast.parse` for all threads
    # together, and where two of them meet it raises SystemError.
    with _reading:
        return _proofs(tests)


@cache
def _proofs(tests: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        source = path.read_text()
        if "mark.clause" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                for number in _marks(node):
                    found[number].append(f"{path.relative_to(tests.parent)}::{node.name}")
    return {number: tuple(names) for number, names in found.items()}


def clause_accounts(
    implemented: Mapping[str, tuple[str, ...]],
    tests: Mapping[str, tuple[str, ...]],
    open_paths: frozenset[str],
) -> dict[str, ClauseAccount]:
    """Return the ledger of this site from its features, tests and addresses by clause."""
    return {
        number: ClauseAccount(
            entry=entry,
            features=implemented.get(number, ()),
            proofs=tests.get(number, ()),
            tool=entry.tool if entry.tool in open_paths else None,
        )
        for number, entry in entries().items()
    }


def _marks(function: ast.FunctionDef) -> list[str]:
    return [
        argument.value
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.clause"
        for argument in mark.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]

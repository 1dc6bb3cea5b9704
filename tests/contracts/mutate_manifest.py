"""Remove one entry of one manifest at a time, and require that a check fails.

`make mutate-manifest`. One of these must fail without the entry, the cheapest first: the
start, a check of `completeness`, a test marked `manifest(field="<field>")`. An entry whose
removal nothing detects is printed, and the run fails.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from neupusti.app import FEATURES, create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.feature import Feature
from neupusti.core.registry import registry
from tests.conftest import Visitor
from tests.contracts import completeness, sources
from tests.contracts.completeness import Pages
from tests.lending import SECRET, seeded

CLAIMS = {"clauses"}
"""Not mutated: the ledger shows an unclaimed clause as not built."""
FAILED = pytest.ExitCode.TESTS_FAILED
QUIET = (
    *("-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-k", "not postgresql"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


@dataclass(frozen=True)
class Mutant:
    """The site without one entry of one manifest."""

    feature: Feature
    field: str
    entry: Any

    def __str__(self) -> str:
        name = self.entry
        for attribute in ("name", "code", "label", "model"):
            name = getattr(name, attribute, name)
        return f"{self.feature.name}.{self.field}: {name}"

    @property
    def left(self) -> Any:
        """The field without the entry."""
        whole = getattr(self.feature, self.field)
        if isinstance(whole, Mapping):
            return {key: value for key, value in whole.items() if key != self.entry}
        return tuple(one for one in whole if one is not self.entry)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the mutated site."""
        mutated = replace(self.feature, **{self.field: self.left})
        return tuple(mutated if one is self.feature else one for one in FEATURES)


def mutants() -> Iterator[Mutant]:
    """Yield a mutant for every entry of every manifest."""
    for feature in FEATURES:
        for field in fields(feature):
            whole = getattr(feature, field.name)
            if isinstance(whole, tuple | Mapping) and field.name not in CLAIMS:
                yield from (Mutant(feature, field.name, entry) for entry in whole)


def killer(mutant: Mutant, settings: Settings, pages: Pages) -> str | None:
    """Return what detects the missing entry; None: nothing does."""
    try:
        app = create_app(settings, mutant.features)
    except Exception:  # noqa: BLE001 - any failure of the start counts
        return "the start"
    with app.app_context():
        found = (check for check in completeness.CHECKS if any(check(registry(), pages)))
        missed_by = next((check.__name__ for check in found), None)
        for engine in db.engines.values():  # or hundreds of sites run out of files
            engine.dispose()
    return missed_by or ("marked tests" if _marked_tests_detect(mutant) else None)


def _marked_tests_detect(mutant: Mutant) -> bool:
    """Return whether the tests marked for the field fail only without the entry."""
    return _marked_tests_pass(mutant.field) and _run(mutant.field, mutant) == FAILED


@cache
def _marked_tests_pass(field: str) -> bool:
    return _run(field) == pytest.ExitCode.OK


def _run(field: str, mutant: Mutant | None = None) -> int:
    """Run the tests marked for a field in a child process; return their exit code."""
    mark = f'manifest(field="{field}")'
    marked = [
        str(p) for p in sources.modules() if f"@pytest.mark.{mark}" in sources.text(p)
    ]
    if not marked:
        return pytest.ExitCode.NO_TESTS_COLLECTED
    child = os.fork()
    if not child:
        if mutant is not None:
            object.__setattr__(mutant.feature, field, mutant.left)
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.dup2(devnull, sys.stderr.fileno())
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            code = pytest.main([*QUIET, "-m", mark, *marked])
        finally:  # the folder of the site is the parent's to remove
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> int:
    """Try every mutant; print the survivors, and return 1 if there are any."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(secret_key=SECRET, instance=Path(folder))
        seeded(settings)
        app = create_app(settings)
        app.test_client_class = Visitor
        with app.app_context():
            pages = completeness.pages(app)
        killers = [(mutant, killer(mutant, settings, pages)) for mutant in mutants()]
    survivors = [str(mutant) for mutant, by in killers if by is None]
    killed = Counter(by for _mutant, by in killers if by)
    report = [
        *(f"Not detected: {name}" for name in survivors),
        f"{len(killers)} entries removed, {len(survivors)} not detected; detected by:",
        *(f"{number:>5} {by}" for by, number in killed.most_common()),
    ]
    sys.stdout.write("\n".join((*report, "")))
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())

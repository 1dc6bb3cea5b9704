"""Change one thing in a guarded module at a time, and demand that its tests turn red.

`make mutate`. The modules, the tests of each and its minimum stand in `pyproject.toml`
(`[tool.neupusti.mutation]`); a pattern stands for each module that it fits, and `{feature}`
in its tests for the folder of the module. The tests run once, to learn which lines each of
them reaches; each mutant is then tried in a fork, by the tests that reach its lines. A line
that no test can judge ends with `# no mutation: <why>`.
"""

import argparse
import gc
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import _lru_cache_wrapper
from importlib import import_module
from itertools import chain, product
from types import CodeType, FrameType, FunctionType
from typing import Any

import hypothesis
import pytest

from neupusti.app import FEATURES
from neupusti.config.values import ROOT
from neupusti.core import term_proofs
from neupusti.core.proofs.proof import Check, Proof
from neupusti.core.registry import Registry
from tests.contracts.mutants import Mutant, mutants
from tests.proofs import planting

SAMPLE, SEED = 30, 10
FEW = 3
"""So many of a module whose mutants take long (`ordeal`): `--ordeal` tries them all."""
KILLED, LIVES, UNFIT = range(3)
"""How a fork ends. Unfit: the function cannot take the changed code; it does not count."""
OPTIONS = (
    *("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--tb=short"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
RUN_ON = "{} postgresql and not browser and not packages"


@dataclass
class Run:
    """A plugin of pytest: it runs the tests as they are, then once for each mutant."""

    chosen: dict[str, list[Mutant]]
    tests: dict[str, tuple[str, ...]]
    survivors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    tried: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reached: dict[tuple[str, int], set[pytest.Item]] = field(
        default_factory=lambda: defaultdict(set)
    )
    seconds: dict[pytest.Item, float] = field(default_factory=dict)
    functions: list[FunctionType] = field(default_factory=list)
    caches: list["_lru_cache_wrapper[Any]"] = field(default_factory=list)

    def pytest_configure(self) -> None:
        """Let hypothesis draw the same examples each time, and not polish what it finds."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "mutation",
            hypothesis.settings.get_profile("suite"),
            derandomize=True,
            database=None,
            phases=phases,
        )
        hypothesis.settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests; if they pass, try the mutants, one to a processor at a time."""
        for item in session.items:
            self._measure(item)
        if session.testsfailed:
            return True
        gc.unfreeze()
        objects = gc.get_objects()
        self.functions = [one for one in objects if isinstance(one, FunctionType)]
        self.caches = [one for one in objects if isinstance(one, _lru_cache_wrapper)]
        del objects
        gc.freeze()
        running: dict[int, Mutant] = {}
        for mutant in (one for some in self.chosen.values() for one in some):
            if len(running) >= (os.cpu_count() or 1):
                self._end_of_one(running)
            running[self._fork(session, mutant)] = mutant
        while running:
            self._end_of_one(running)
        return True

    def _measure(self, item: pytest.Item) -> None:
        """Run a test; note how long it takes and which lines of the modules it reaches."""
        files = {str(ROOT / name): name for name in self.chosen}
        _look_at([name for name, own in self.tests.items() if item.nodeid.startswith(own)])

        def trace(frame: FrameType, _event: str, _arg: Any) -> Any:
            name = files.get(frame.f_code.co_filename)
            if name is None:
                return None
            if item.nodeid.startswith(self.tests[name]):
                self.reached[name, frame.f_lineno].add(item)
            return trace

        begun = time.perf_counter()
        sys.settrace(trace)
        try:
            _run(item)
        finally:
            sys.settrace(None)
        self.seconds[item] = time.perf_counter() - begun

    def _fork(self, session: pytest.Session, mutant: Mutant) -> int:
        """Try one mutant in a process of its own, the quickest tests first."""
        tests = self._judges(mutant)
        child = os.fork()
        if child:
            return child
        code = KILLED
        try:
            session.config.pluginmanager.unregister(name="terminalreporter")
            code = LIVES if self._put(mutant) else UNFIT
            # Else a cache would answer with what the code gave before the change.
            for cache in self.caches:
                cache.cache_clear()
            for item in tests if code == LIVES else ():
                # What never ends, the alarm ends: it is noticed.
                signal.alarm(20 + int(5 * self.seconds[item]))
                _run(item)
                if session.testsfailed:
                    code = KILLED
                    break
        finally:
            os._exit(code)

    def _judges(self, mutant: Mutant) -> list[pytest.Item]:
        """Return the tests that reach its lines; of a constant those of its module too."""
        lines = mutant.lines or {at for name, at in self.reached if name == mutant.module}
        reaching = {
            item for at in lines for item in self.reached.get((mutant.module, at), ())
        }
        others = () if mutant.lines else self.seconds.keys() - reaching
        own = [item for item in others if item.nodeid.startswith(self.tests[mutant.module])]
        quickest = self.seconds.__getitem__
        return [*sorted(reaching, key=quickest), *sorted(own, key=quickest)]

    def _put(self, mutant: Mutant) -> bool:
        """Put the changed code into the live functions, or the value where it is used."""
        path, module = str(ROOT / mutant.module), import_module(mutant.dotted)
        _look_at([mutant.module])
        tree = mutant.tree()
        if not mutant.lines:
            for names, statement in mutant.constants(tree):
                old = {name: vars(module)[name] for name in names}
                exec(compile(statement, path, "exec"), vars(module))  # noqa: S102 - our own code
                for name, other in product(names, [*sys.modules.values()]):
                    if getattr(other, "__dict__", {}).get(name) is old[name]:
                        setattr(other, name, vars(module)[name])
                for name in names:
                    _pour(old[name], vars(module)[name])
            return True
        codes = dict(_codes(compile(tree, path, "exec")))
        try:
            for function in self.functions:
                code = function.__code__
                if code.co_filename == path:
                    function.__code__ = codes[code.co_qualname, code.co_firstlineno]
        except ValueError:  # another number of free variables
            return False
        return True

    def _end_of_one(self, running: dict[int, Mutant]) -> None:
        pid, status = os.wait()
        mutant, code = running.pop(pid), os.waitstatus_to_exitcode(status)
        self.tried[mutant.module] += code != UNFIT
        if code == LIVES:
            self.survivors[mutant.module].append(str(mutant))
            sys.stderr.write(f"{mutant.module}: not noticed: {mutant}\n")


def _run(item: pytest.Item) -> None:
    # What comes after is the session: its fixtures, and no others, outlive the test.
    item.ihook.pytest_runtest_protocol(item=item, nextitem=item.session)


def _look_at(modules: list[str]) -> None:
    """Let plants run the proofs of these modules only, where they are all of proofs."""
    planting.LOOKED_AT.clear()
    if all(name.endswith("proofs.py") for name in modules):
        for name in modules:
            declared = vars(import_module(name.removesuffix(".py").replace("/", ".")))
            of_terms = map(term_proofs.proof_of, Registry(FEATURES).retention)
            planting.LOOKED_AT.update(one.name for one in declared.get("ALL", of_terms))


def _pour(old: Any, new: Any) -> None:
    """Give the proofs that a manifest holds already the values of the changed ones."""
    if isinstance(old, tuple) and all(isinstance(one, Proof | Check) for one in old):
        for one, other in zip(old, new, strict=True):
            for kept in fields(one):
                object.__setattr__(one, kept.name, getattr(other, kept.name))


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield (inner.co_qualname, inner.co_firstlineno), inner
            yield from _codes(inner)


def _asked() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "modules", nargs="*", help="only the modules with this in their path"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="which sample is drawn")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument(
        "--ordeal", action="store_true", help="every mutant of what takes long"
    )
    parser.add_argument(
        "--postgresql", action="store_true", help="on PostgreSQL, else on SQLite"
    )
    return parser.parse_args()


def guarded() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each module of the table, by its path from the root, and its row."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["neupusti"]
    for pattern, row in table["mutation"].items():
        # What fits nothing is read all the same, and fails: a module has moved.
        for path in sorted(ROOT.glob(pattern)) or [ROOT / pattern]:
            tests = [one.format(feature=path.parent.name) for one in row["tests"]]
            yield path.relative_to(ROOT).as_posix(), {**row, "tests": tests}


def _drawn(asked: argparse.Namespace, name: str, row: dict[str, Any]) -> list[Mutant]:
    """Return the mutants of a module that are tried."""
    every = [*mutants(name, sql=row.get("sql", False))]
    if asked.all or asked.ordeal:
        return every
    size = FEW if row.get("ordeal", False) and not asked.modules else SAMPLE
    dice = random.Random(f"{asked.seed} {name}")  # noqa: S311 - dice that fall the same
    return dice.sample(every, min(size, len(every)))


def main() -> int:
    """Try the mutants of each module; print those that live; fail below a minimum."""
    asked = _asked()
    wanted = {
        name: row
        for name, row in guarded()
        if any(part in name for part in asked.modules)
        or (not asked.modules and (row.get("ordeal", False) or not asked.ordeal))
    }
    chosen = {name: _drawn(asked, name, row) for name, row in wanted.items()}
    tests = {name: tuple(row["tests"]) for name, row in wanted.items()}
    run = Run(chosen, tests)
    paths = sorted({*chain(*tests.values())})
    with tempfile.TemporaryDirectory() as folder:
        where = RUN_ON.format("" if asked.postgresql else "not")
        own = [f"--basetemp={folder}/tests", "-m", where]
        code = pytest.main([*OPTIONS, *own, *paths], plugins=[run])
    if code != pytest.ExitCode.OK:
        return int(code)
    below = False
    for name, row in wanted.items():
        tried, alive = run.tried[name], run.survivors[name]
        killed = 100 * (tried - len(alive)) / tried if tried else 0
        below |= killed < row["minimum"]
        lines = [
            f"{name}: {killed:.0f} % of {tried} noticed, the minimum is {row['minimum']} %"
        ]
        sys.stdout.write(
            "\n".join([*lines, *(f"  not noticed: {one}" for one in alive), ""])
        )
    return below


if __name__ == "__main__":
    sys.exit(main())

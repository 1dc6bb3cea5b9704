import ast
import tomllib
from pathlib import Path

import pytest

from neupusti.app import LAYERS
from neupusti.config.values import ROOT
from tests.contracts import sources
from tests.contracts.sources import PACKAGE

MODULE_LINES, FUNCTION_LINES = 300, 40
VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc"}


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def features() -> list[Path]:
    return [PACKAGE / name for name in " ".join(LAYERS).split()]


def parts() -> set[str]:
    """Return the names that the contract «Inside a feature» puts into layers."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (inside,) = (c for c in contracts["contracts"] if c["name"].startswith("Inside a"))
    return {layer.strip("()") for layer in inside["layers"]}


def test_no_module_is_too_long() -> None:
    long = {
        sources.name(path): lines
        for path in sources.modules()
        if (lines := len(path.read_text().splitlines())) > MODULE_LINES
    }
    assert long == {}


def test_no_function_is_too_long() -> None:
    long = {
        f"{sources.name(path)}:{node.name}": length(node)
        for path in sources.modules()
        for node in functions(sources.tree(path))
        if length(node) > FUNCTION_LINES
    }
    assert long == {}


@pytest.mark.parametrize("feature", features(), ids=lambda path: path.name)
def test_a_feature_has_the_modules_every_feature_has(feature: Path) -> None:
    modules = {path.stem for path in feature.glob("*.py")}
    modules |= {path.parent.name for path in feature.glob("*/*.py")}
    assert {"__init__", "feature"} <= modules
    assert modules <= parts() | {"__init__"}


@pytest.mark.parametrize("feature", features(), ids=lambda path: path.name)
def test_a_feature_has_tests(feature: Path) -> None:
    assert list((ROOT / "tests" / feature.name).glob("test_*.py"))


def test_every_package_is_in_a_layer() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == {"config", "core", *(path.name for path in features())}


@pytest.mark.parametrize("feature", features(), ids=lambda path: path.name)
def test_the_package_of_a_feature_holds_one_docstring_and_no_code(feature: Path) -> None:
    """Code there could cause import cycles."""
    (only,) = sources.tree(feature / "__init__.py").body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)
    assert isinstance(only.value.value, str)


def test_no_module_has_a_vague_name() -> None:
    named = {path.stem for path in sources.modules()}
    named |= {path.parent.name for path in sources.modules()}
    assert not named & VAGUE_NAMES

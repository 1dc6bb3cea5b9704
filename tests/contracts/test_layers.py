"""Each import contract fails when it is broken on purpose.

The wrong import is added to the graph of import-linter, not to a file.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import grimp
import pytest
from grimp import ImportGraph
from importlinter import configuration
from importlinter.application.use_cases import read_user_options
from importlinter.application.user_options import UserOptions
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

from neupusti.app import LAYERS
from neupusti.config.values import ROOT
from tests.contracts import layers
from tests.contracts.layers import FeatureLayers

KINDS: dict[str, Any] = {
    "feature_layers": FeatureLayers,
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
}
LOW, HIGH = LAYERS[0].split()[0], LAYERS[-1].split()[0]
FEATURES, CORE, INSIDE = "Features:", "Inside core", "Inside a feature:"
MANIFEST, HTTP = "Only the app reads", "Services and models"
ADDRESS = "Above orders only the hand-over"
BESIDE = [line.split()[:2] for line in LAYERS if len(line.split()) > 1]


@cache
def options() -> UserOptions:
    """Return the options of import-linter in pyproject.toml."""
    configuration.configure()
    return read_user_options(str(ROOT / "pyproject.toml"))


@cache
def whole() -> ImportGraph:
    """Return the imports of the package as they are."""
    return grimp.build_graph("neupusti", include_external_packages=True, cache_dir=None)


def broken(change: Callable[[ImportGraph], None]) -> list[str]:
    """Name the contracts that the package would break after a change."""
    graph = deepcopy(whole())
    change(graph)
    session = options().session_options
    contracts = {
        one["name"]: KINDS[one["type"]](one["name"], session, one)
        for one in options().contracts_options
    }
    return [
        name
        for name, contract in contracts.items()
        if not contract.check(deepcopy(graph), verbose=False).kept
    ]


def in_core() -> list[list[str]]:
    """Return the layers of core, from the top down."""
    (core,) = [one for one in options().contracts_options if one["name"] == CORE]
    return [layer.split(" | ") for layer in core["layers"]]


def test_the_package_as_it_is_breaks_none() -> None:
    assert broken(lambda _graph: None) == []


@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        (f"{LOW}.views", f"{HIGH}.views", FEATURES),
        *((f"{one}.views", f"{other}.views", FEATURES) for one, other in BESIDE),
        ("core.clock", f"{LOW}.views", FEATURES),
        (f"core.{in_core()[-1][0]}", f"core.{in_core()[0][0]}", CORE),
        *(
            (f"core.{layer[0]}", f"core.{layer[1]}", CORE)
            for layer in in_core()
            if len(layer) > 1
        ),
        (f"{HIGH}.service", f"{HIGH}.views", INSIDE),
        (f"{HIGH}.views", f"{HIGH}.feature", MANIFEST),
    ],
)
def test_a_wrong_import_is_seen(importer: str, imported: str, contract: str) -> None:
    found = broken(
        lambda graph: graph.add_import(
            importer=f"neupusti.{importer}", imported=f"neupusti.{imported}"
        )
    )
    assert any(name.startswith(contract) for name in found)


def test_http_in_a_service_is_seen() -> None:
    (found,) = broken(
        lambda graph: graph.add_import(
            importer=f"neupusti.{HIGH}.service", imported="flask"
        )
    )
    assert found.startswith(HTTP)


@pytest.mark.clause("5.2")
@pytest.mark.parametrize(
    "importer", ["staff.service", "delivery.views.handover", "delivery.queries"]
)
@pytest.mark.parametrize("module", ["models", "queries"])
def test_an_address_read_beside_the_hand_over_is_seen(importer: str, module: str) -> None:
    found = broken(
        lambda graph: graph.add_import(
            importer=f"neupusti.{importer}", imported=f"neupusti.orders.{module}.address"
        )
    )
    assert any(name.startswith(ADDRESS) for name in found)


@pytest.mark.parametrize(
    ("package", "contract"),
    [("neupusti.newcomer", FEATURES), ("neupusti.core.newcomer", CORE)],
)
def test_a_package_outside_the_layers_is_seen(package: str, contract: str) -> None:
    (found,) = broken(lambda graph: graph.add_module(package))
    assert found.startswith(contract)


@pytest.mark.parametrize("line", LAYERS)
def test_a_feature_left_out_of_the_layers_is_seen(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(layers, "LAYERS", tuple(one for one in LAYERS if one != line))
    (found,) = broken(lambda _graph: None)
    assert found.startswith(FEATURES)

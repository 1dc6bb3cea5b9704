"""A proof that has never been seen red does not count; nor does a plant of nothing."""

from importlib import import_module

import pytest
from flask import Flask
from sqlalchemy import Table
from sqlalchemy.sql import visitors

from neupusti.app import FEATURES
from neupusti.core.proofs.proof import Proof, State
from neupusti.core.registry import Registry
from tests.conftest import SQLITE
from tests.contracts.sources import TESTS
from tests.proofs.planting import NothingPlantedError, Plant, alarming, live, sql, turns_red

PROOFS = Registry(FEATURES).proofs


def plants() -> list[tuple[str, Plant]]:
    """Return the plants of every module of this folder, by the name of their proof."""
    modules = [path.stem for path in sorted((TESTS / "proofs").glob("test_*.py"))]
    return [
        pair
        for name in modules
        for pair in getattr(import_module(f"tests.proofs.{name}"), "PLANTS", {}).items()
    ]


@pytest.mark.manifest(field="proofs")
def test_every_proof_has_exactly_one_plant() -> None:
    assert sorted(name for name, _plant in plants()) == sorted(one.name for one in PROOFS)


@pytest.mark.slow
def test_a_site_without_people_has_nothing_that_calls_for_a_human(app: Flask) -> None:
    assert alarming(live()) == {}


@pytest.mark.slow
def test_an_empty_table_never_holds(app: Flask) -> None:
    """Situation 38 of the rights: checks that pass on an empty configuration."""
    found = live()
    assert found["operations"] is State.NOTHING
    assert found["types-of-emails"] is State.NOTHING


@pytest.mark.slow
@SQLITE
@pytest.mark.situation(39, of="rights")
def test_a_plant_that_changes_no_row_fails(app: Flask) -> None:
    nothing = sql("DELETE FROM processing_event")
    with pytest.raises(NothingPlantedError):
        turns_red("operations", nothing)


@pytest.mark.slow
@SQLITE
def test_the_plant_of_another_proof_fails(app: Flask) -> None:
    other = dict(plants())["types-of-emails"]
    with pytest.raises(AssertionError):
        turns_red("operations", other)


@SQLITE
def test_a_proof_reads_no_table_beside_its_rows(app: Flask) -> None:
    """Else its forged and its right row would be judged by what happens to be live.

    Whether something holds a row past its term is a matter of other tables; they cannot
    name a forged row, which has no number.
    """
    beside = {
        (proof.name, one.name)
        for proof in PROOFS
        if isinstance(proof, Proof)
        for one in visitors.iterate(proof.wrong(proof.single(proof.right)))
        if isinstance(one, Table) and not proof.name.startswith("past-term-")
    }
    assert beside == set()

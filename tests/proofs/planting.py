"""Plants: what is written beside the site so that exactly one proof turns red.

A module `tests/proofs/test_<feature>.py` has `PLANTS`, the plant of each proof of its
feature by the name of the proof, and tries each with `turns_red`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import pytest
from sqlalchemy import Connection, text

from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs import whole
from neupusti.core.proofs.proof import AnyProof, Looking, State
from neupusti.core.proofs.running import run_one
from neupusti.core.registry import registry
from neupusti.site import proofs as site

Plant = Callable[[], AbstractContextManager[Looking]]
"""Plants for a block, and gives the connections by which it is seen."""
CALM = {State.HOLDS, State.NOTHING}
LOOKED_AT: set[str] = set()
"""The names of the proofs that are run; empty: of all. A mutant can change its own only."""


class NothingPlantedError(AssertionError):
    """The plant has changed no row: it would prove nothing."""


Statement = str | Callable[[Connection], None]
"""Raw SQL, or what writes in another way."""


def sql(
    *statements: Statement,
    access: bool = False,
    values: Mapping[str, object] | None = None,
) -> Plant:
    """Return the plant of raw SQL, each statement with `values`; mended by a rollback.

    Triggers, foreign keys and checks are off for the statements, and there again when it
    is looked: whoever forges rows beside the site is not held by them.
    """

    @contextmanager
    def plant() -> Iterator[Looking]:
        with db.engine.connect() as main, db.engines[ACCESS].connect() as other:
            connection = other if access else main
            with _unguarded(connection):
                for statement in statements:
                    if callable(statement):
                        statement(connection)
                        continue
                    done = connection.execute(text(statement), dict(values or {}))
                    if done.rowcount == 0:
                        raise NothingPlantedError(statement)
            yield Looking(main, other)

    return plant


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        connection.execute(text("SET LOCAL session_replication_role = DEFAULT"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    triggers = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    ).all()
    for trigger in triggers:
        connection.execute(text(f'DROP TRIGGER "{trigger.name}"'))
    yield
    for trigger in triggers:
        connection.exec_driver_sql(trigger.sql)
    connection.execute(text("PRAGMA ignore_check_constraints = OFF"))


def proofs() -> list[AnyProof]:
    """Return the proofs of the site that are run."""
    return [one for one in registry().proofs if not LOOKED_AT or one.name in LOOKED_AT]


def states(looking: Looking) -> dict[str, State]:
    """Return the state of every proof of the site, by its name."""
    return {one.name: run_one(one, looking).state for one in proofs()}


def live() -> dict[str, State]:
    """Return the same as the site itself finds it, over connections that cannot write."""
    return {one.proof.name: one.state for one in whole.run(proofs())}


def alarming(found: Mapping[str, State]) -> dict[str, State]:
    """Return those of `found` that call for a human."""
    return {name: state for name, state in found.items() if state not in CALM}


def turns_red(name: str, plant: Plant) -> None:
    """Assert that `plant` breaks the proof `name` and no other, and none once mended."""
    before = live()
    assert alarming(before) == {}
    with plant() as looking:
        planted = states(looking)
    assert alarming(planted) == {name: State.BROKEN}
    assert live() == before


def all_turn_red(plants: Mapping[str, Plant], *, in_pages: bool = False) -> None:
    """Assert the same of each of `plants`, and look but once at what is not planted.

    Nor at the pages, which do not see rows that nobody has committed; `in_pages` says
    that something else is planted, which they do see.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "Sources", cache(site.Sources))
        if not in_pages:
            patch.setattr(site, "_answer", cache(site._answer))  # noqa: SLF001
        before = live()
        assert alarming(before) == {}
        for name in plants.keys() & {one.name for one in proofs()}:
            with plants[name]() as looking:
                planted = states(looking)
            assert alarming(planted) == {name: State.BROKEN}, name
    assert live() == before

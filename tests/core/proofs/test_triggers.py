"""A trigger is looked at by its text: one that only has the right name guards nothing."""

from contextlib import AbstractContextManager

import pytest
from flask import Flask

from neupusti.core.proofs import migrated, triggers
from neupusti.core.proofs.proof import State
from neupusti.core.proofs.reading import looking
from neupusti.core.proofs.running import run_one
from tests.proofs.planting import Plant
from tests.proofs.rows import bare, disarmed

EDITION = "policy_edition"


def state(seen: AbstractContextManager[object], *tables: str) -> State:
    declared = {"clauses": ("9.1",), "name": "kept", "says": "Editions are kept."}
    with seen as both:
        return run_one(triggers.kept_check(tables, **declared), both).state  # type: ignore[arg-type]


def test_every_trigger_of_the_migrations_is_found(app: Flask) -> None:
    with looking() as both:
        live = migrated.standing(both.main)
        expected = migrated.expected(both.main.dialect.name)
    differing = [t for t, made in expected.items() if not made.items() <= live[t].items()]
    assert differing == []
    assert {EDITION, "staff_action", "order_event", "deadline"} <= expected.keys()


def test_a_table_that_no_migration_guards_is_not_kept(app: Flask) -> None:
    assert state(looking(), EDITION) is State.HOLDS
    assert state(looking(), EDITION, "person") is State.BROKEN


@pytest.mark.parametrize(
    "plant",
    [
        disarmed(EDITION, f"{EDITION}_immutable"),
        bare(
            f"DROP TRIGGER {EDITION}_no_delete",
            postgresql=f"ALTER TABLE {EDITION} DISABLE TRIGGER USER",
        ),
        bare(
            f"DROP TRIGGER {EDITION}_no_update",
            f"""CREATE TRIGGER {EDITION}_no_update BEFORE UPDATE ON {EDITION}
            WHEN OLD.published_at IS NOT NULL AND 0
            BEGIN SELECT RAISE(ABORT, 'a published edition never changes'); END""",
            postgresql=f"""CREATE OR REPLACE TRIGGER {EDITION}_no_change
            BEFORE UPDATE OR DELETE ON {EDITION} FOR EACH ROW
            WHEN (OLD.published_at IS NOT NULL AND false)
            EXECUTE FUNCTION {EDITION}_immutable()""",
        ),
    ],
    ids=["does nothing", "is gone", "is another"],
)
def test_a_trigger_of_another_text_is_found(app: Flask, plant: Plant) -> None:
    assert state(plant(), EDITION) is State.BROKEN
    assert state(looking(), EDITION) is State.HOLDS

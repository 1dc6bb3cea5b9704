import pytest
from flask import Flask

from tests.proofs.planting import sql, turns_red

PLANTS = {
    "operations": sql(
        """INSERT INTO processing_event (at, operation, actor_kind, what, why)
        VALUES ('2026-11-22 07:00:00', 'sale', 'system', '', '4.1.7')"""
    ),
    "types-of-emails": sql(
        """INSERT INTO letter (key, kind, recipient, recipient_key, language, subject,
        text, html, headers, state, priority, attempts, created_at, next_at, reason)
        VALUES ('x', 'core.secret', '', '', 'ru', '', '', '', '{}', 'kept', 0, 0,
        '2026-11-22 07:00:00', '2026-11-22 07:00:00', '')"""
    ),
}


@pytest.mark.parametrize("name", PLANTS)
def test_the_plant_turns_exactly_this_proof_red(app: Flask, name: str) -> None:
    turns_red(name, PLANTS[name])

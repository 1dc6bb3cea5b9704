"""The site keeps the head of the chain of consents by itself."""

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.core.data.database import db
from neupusti.core.records.head import BrokenChainError
from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.consent.conftest import Visitor


@SQLITE
@pytest.mark.manifest(field="jobs")
def test_a_cut_end_is_missed_without_anybody_having_verified(app: Flask) -> None:
    (job,) = [job for job in registry().jobs if job.name == "consent-head"]
    for choice in ("accept", "reject"):
        Visitor(app.test_client()).choose(choice)
        db.session.rollback()
        job.run()
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER consent_record_no_delete"))
        connection.execute(text("DELETE FROM consent_record WHERE id = 2"))
    with pytest.raises(BrokenChainError, match="record 2"):
        job.run()
    answer = app.test_cli_runner().invoke(args=["consent", "verify"])
    assert (answer.exit_code, "record 2" in answer.output) == (1, True)

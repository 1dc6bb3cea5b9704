"""What the manifests say becomes of each table."""

from flask import Flask

from neupusti.core.data.classification import personal_columns
from neupusti.core.keeping import Fate
from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.erasure.erasing import EMPTY_BY_NOW, OF_STAFF

OWN = {"erasure_file.path", "erasure.email_key"}
"""Gone by the end of the erasure that they are about."""


@SQLITE
def test_what_stays_as_evidence_identifies_nobody(app: Flask) -> None:
    named = {
        f"{holding.model.__table__.name}.{name}"
        for holding in registry().holdings
        if holding.fate is Fate.EVIDENCE
        for name, mark in personal_columns(holding.model.__table__).items()
        if not mark.keyed_by
    }
    assert named - {OF_STAFF, EMPTY_BY_NOW} == OWN

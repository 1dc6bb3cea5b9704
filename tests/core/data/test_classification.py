import re

import pytest
from sqlalchemy import Column, MetaData, String, Table

from neupusti.config.values import ROOT
from neupusti.core.data.classification import (
    Classification,
    Purpose,
    classification,
    impersonal,
    personal,
    personal_columns,
)
from neupusti.policy.service import parser

EDITIONS = ROOT / "neupusti" / "policy" / "editions"


def test_the_purposes_are_the_clauses_of_section_four() -> None:
    """Exactly one value per clause 4.1.x of every shipped text."""
    for path in EDITIONS.glob("*.txt"):
        numbers = [clause.number for clause in parser.parse(path.read_text())]
        listed = [number for number in numbers if re.fullmatch(r"4\.1\.\d+", number)]
        assert listed == [purpose.value for purpose in Purpose], path.name


def test_personal_data_without_a_purpose_is_refused() -> None:
    with pytest.raises(ValueError, match=r"3\.2\.3 without a purpose"):
        personal("3.2.3")


def test_a_column_is_marked() -> None:
    table = Table(
        "people",
        MetaData(),
        Column("email", String, info=personal("3.2.3", Purpose.NOTICES, Purpose.ACCOUNT)),
        Column("colour", String, info=impersonal()),
        Column("silent", String),
    )
    mark = Classification("3.2.3", (Purpose.NOTICES, Purpose.ACCOUNT))
    assert personal_columns(table) == {"email": mark}
    assert classification(table.c.colour) == Classification()
    assert classification(table.c.silent) is None

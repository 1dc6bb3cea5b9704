"""The outbox: masked list, opened for a reason, tokens hidden once sent."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import drop_queued
from tests import desk
from tests.people import BOLAT

KEY = "k" * 43
WHY = "The link did not arrive"
OUTBOX = "/en/admin/mail/"


def email(state: OutboxState, key: str = "one") -> OutboxEmail:
    """Return an e-mail to Болат in a state."""
    return OutboxEmail(
        key=key,
        kind="accounts.reset",
        recipient=BOLAT.email,
        language="ru",
        subject="Новый пароль",
        text=f"Ссылка:\n\nhttp://127.0.0.1:8000/account/password/reset/{KEY}",
        html="",
        headers="{}",
        state=state.value,
        attempts=3,
        created_at=clock.now(),
        next_at=clock.now(),
        reason="550 no such mailbox" if state is OutboxState.REFUSED else "",
    )


def queue(state: OutboxState, key: str = "one") -> int:
    with writing() as session:
        row = email(state, key)
        session.add(row)
        session.flush()
        return row.id


def test_the_list_masks_whom_and_says_how_far(browser: FlaskClient) -> None:
    queue(OutboxState.REFUSED)
    page = browser.get(OUTBOX).text
    assert "b…@example.kz" in page
    assert BOLAT.email not in page
    assert "Новый пароль" in page
    assert "550 no such mailbox" in page
    assert KEY not in page


def test_the_list_is_filtered(browser: FlaskClient) -> None:
    queue(OutboxState.REFUSED, "one")
    queue(OutboxState.KEPT, "two")
    assert "1 e-mail<" in browser.get(f"{OUTBOX}?state=kept").text
    assert "2 e-mails<" in browser.get(f"{OUTBOX}?state=nothing").text
    assert "2 e-mails<" in browser.get(f"{OUTBOX}?kind=accounts.reset").text
    assert "No e-mail fits" in browser.get(f"{OUTBOX}?kind=accounts.confirm").text


@pytest.mark.parametrize("state", OutboxState)
def test_an_email_opens_for_a_reason_and_is_logged(
    app: Flask, browser: FlaskClient, dana: int, state: OutboxState
) -> None:
    number = queue(state)
    assert BOLAT.email not in browser.get(f"{OUTBOX}{number}").text
    page = browser.post(f"{OUTBOX}{number}", data=desk.form(app, reason=WHY))
    assert page.status_code == 200
    assert BOLAT.email in page.text
    # Tokens are shown only where no server is set: the page delivers the e-mail then.
    assert (KEY in page.text) is (state is OutboxState.KEPT)
    (action,) = desk.staff_actions("mail.opened")
    assert (action.staff, action.operation, action.reason) == (dana, "access", WHY)


def test_a_late_reason_opens_no_email_that_came_since(
    app: Flask, browser: FlaskClient
) -> None:
    """Nor does what the journal says of the one that is gone name another."""
    number = queue(OutboxState.QUEUED, "one")
    assert browser.get(f"{OUTBOX}{number}").status_code == 200
    with writing() as session:
        assert drop_queued(session, [number]) == {number}
    queue(OutboxState.KEPT, "two")
    page = browser.post(f"{OUTBOX}{number}", data=desk.form(app, reason=WHY))
    assert (page.status_code, BOLAT.email in page.text) == (404, False)
    assert desk.staff_actions("mail.opened") == []


def test_no_email_opens_without_a_reason(app: Flask, browser: FlaskClient) -> None:
    number = queue(OutboxState.KEPT)
    answer = browser.post(f"{OUTBOX}{number}", data=desk.form(app))
    assert answer.status_code == 422
    assert BOLAT.email not in answer.text
    assert desk.staff_actions("mail.opened") == []


def test_a_missing_email_is_not_found(app: Flask, browser: FlaskClient) -> None:
    for number in (99, 2**31, 10**12):
        assert browser.get(f"{OUTBOX}{number}").status_code == 404
        for form in (desk.form(app), desk.form(app, reason=WHY)):
            answer = browser.post(f"{OUTBOX}{number}", data=form)
            assert answer.status_code in {404, 405}


def test_an_email_is_shown_as_text(app: Flask, browser: FlaskClient) -> None:
    with writing() as session:
        row = email(OutboxState.KEPT)
        row.text = "<img src=x onerror=alert(1)>"
        session.add(row)
        session.flush()
        number = row.id
    page = browser.post(f"{OUTBOX}{number}", data=desk.form(app, reason=WHY)).text
    assert "&lt;img" in page
    assert "<img src=x" not in page

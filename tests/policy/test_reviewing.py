"""The review sheet: staff with `content` read, approve and publish the very same text."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.policy.models import EditionKind, EditionState
from neupusti.policy.service import editions, releasing
from neupusti.policy.service.drafts import Draft
from tests import desk
from tests.people import DANA
from tests.policy.documents import SMALL, changed

HIDDEN = re.compile(r'name="read" value="([^"]+)"')


@pytest.fixture
def member(app: Flask) -> int:
    return desk.member(DANA, Permission.CONTENT)


@pytest.fixture
def staff(app: Flask, member: int) -> FlaskClient:
    return desk.signed_in(app, member)


def drafted(text: str = SMALL, **given: object) -> int:
    draft = {"language": Language.RU, "kind": EditionKind.MATERIAL, "note": "Сроки"}
    edition, _new = editions.import_draft(Draft(text=text, **draft | given))  # type: ignore[arg-type]
    return edition.id


def state(number: int) -> EditionState:
    db.session.rollback()
    (edition,) = (one for one in editions.all_editions() if one.id == number)
    return edition.state


def press(
    app: Flask, staff: FlaskClient, number: int, what: str, **fields: str
) -> tuple[int, str]:
    (edition,) = (one for one in editions.all_editions() if one.id == number)
    form = desk.form(app, **{"read": releasing.digest_of(edition)} | fields)
    answer = staff.post(f"/en/admin/policy/{number}/{what}", data=form)
    return answer.status_code, unescape(answer.text)


@pytest.mark.clause("9.1")
def test_a_text_is_read_approved_and_published(
    app: Flask, staff: FlaskClient, member: int
) -> None:
    text = changed("2.3. Обновлено 05.06.2023 г.", "2.3. Обновлено 01.12.2026 г.")
    number = drafted(text.replace("- имя;", "● имя;"))
    assert "1 December 2026" in staff.get("/en/admin/policy/").text
    page = unescape(staff.get(f"/en/admin/policy/{number}").text)
    for told in (
        *("Политика магазина", "Сайт neupusti.kz бережёт данные.", "2. Данные"),
        *("1 December 2026: the text says it was updated.", "Обновлено 01.12.2026"),
        *("List mark read as a dash: lines 14", "Material change", "Сроки"),
        *("Compared with the edition of", "26 November 2026", "Removed"),
    ):
        assert told in page, told
    assert "Publish</button>" not in page

    assert press(app, staff, number, "publication")[0] == 422
    assert press(app, staff, number, "approval")[0] == 303
    assert "Publish</button>" in staff.get(f"/en/admin/policy/{number}").text
    assert state(number) is EditionState.APPROVED
    assert press(app, staff, number, "publication")[0] == 303
    assert state(number) is EditionState.PUBLISHED
    journal = [(row.action, row.staff) for row in desk.staff_actions()]
    assert ("policy.approved", member) in journal
    assert ("policy.published", member) in journal
    page = staff.get(f"/en/admin/policy/{number}").text
    assert "<button" not in page[page.index("<h1") : page.index("<footer")]


@pytest.mark.parametrize("what", ["approval", "publication"])
def test_a_text_that_changed_since_is_not_decided_on(
    app: Flask, staff: FlaskClient, what: str
) -> None:
    number = drafted()
    if what == "publication":
        press(app, staff, number, "approval")
    old = desk.form(app, read=_digest(number))
    drafted(changed("бережёт", "продаёт"))
    answer = staff.post(f"/en/admin/policy/{number}/{what}", data=old)
    assert answer.status_code == 422
    assert "The draft has changed since you read it" in answer.text
    assert state(number) is EditionState.DRAFT


@pytest.mark.clause("9.1")
@pytest.mark.parametrize("what", ["approval", "publication"])
def test_terms_that_changed_since_are_not_decided_on(
    app: Flask, staff: FlaskClient, what: str
) -> None:
    """Another member of staff has read and approved the draft with its new terms."""
    text = changed("05.06.2023", "01.12.2026")
    number = drafted(text)
    if what == "publication":
        press(app, staff, number, "approval")
    read = staff.get(f"/en/admin/policy/{number}").text
    old = desk.form(app, read=HIDDEN.findall(read)[0])
    drafted(text, kind=EditionKind.NEW_PURPOSE)
    if what == "publication":
        press(app, staff, number, "approval")
    before = state(number)
    answer = staff.post(f"/en/admin/policy/{number}/{what}", data=old)
    assert answer.status_code == 422
    assert "The draft has changed since you read it" in answer.text
    assert state(number) is before


@pytest.mark.clause("9.2")
def test_a_past_moment_needs_a_reason(app: Flask, staff: FlaskClient) -> None:
    number = drafted()
    press(app, staff, number, "approval")
    status, page = press(app, staff, number, "publication")
    assert (status, "Its moment is past: say why" in page) == (422, True)
    assert press(app, staff, number, "publication", backdate="x")[0] == 422
    reason = "it was in force on paper"
    assert press(app, staff, number, "publication", backdate=reason)[0] == 303
    assert desk.staff_actions("policy.published")[-1].reason == reason


def test_a_reason_is_for_a_past_moment_only(app: Flask, staff: FlaskClient) -> None:
    number = drafted(changed("05.06.2023", "01.12.2026"))
    press(app, staff, number, "approval")
    status, page = press(app, staff, number, "publication", backdate="in force on paper")
    assert (status, "Its moment is not past" in page) == (422, True)


def test_publishing_asks_for_a_recent_password(app: Flask, member: int) -> None:
    number = drafted(changed("05.06.2023", "01.12.2026"))
    stale = desk.signed_in(app, member, recent=False)
    assert press(app, stale, number, "approval")[0] == 303
    assert "Confirm that it is you" in stale.get(f"/en/admin/policy/{number}").text
    press(app, stale, number, "publication")
    assert state(number) is EditionState.APPROVED


def test_others_are_refused(app: Flask, client: FlaskClient) -> None:
    number = drafted()
    other = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    for path in ("/admin/policy/", f"/admin/policy/{number}"):
        assert other.get(path).status_code == 403
        assert client.get(path).status_code in {302, 303, 404}
    assert press(app, other, number, "approval")[0] == 403
    assert state(number) is EditionState.DRAFT


def test_an_unknown_edition_is_not_found(app: Flask, staff: FlaskClient) -> None:
    assert staff.get("/admin/policy/999999").status_code == 404
    answer = staff.post("/admin/policy/999999/approval", data=desk.form(app, read=""))
    assert answer.status_code == 404


@pytest.mark.parametrize("prefix", ["", "/kk"])
def test_the_sheet_speaks_the_readers_language(staff: FlaskClient, prefix: str) -> None:
    number = drafted()
    page = staff.get(f"{prefix}/admin/policy/{number}").text
    for english in ("Outline", "Decide", "Approve", "the text says", "Draft"):
        assert english not in page


def _digest(number: int) -> str:
    found = next(one for one in editions.all_editions() if one.id == number)
    return releasing.digest_of(found)

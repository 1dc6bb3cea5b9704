"""What other features say of the policy leads to the clause that it is about."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from neupusti.accounts.forms import ACCOUNT
from neupusti.core.mail.outbox import service
from neupusti.core.text.languages import Language, force_language
from neupusti.policy.service import citing
from tests.conftest import SQLITE
from tests.policy.documents import current_text, inserted, publish
from tests.policy.test_alignment import HEALTH, LONG

pytestmark = SQLITE

DAY = date(2027, 1, 1)
IN_FORCE = datetime(2027, 1, 2, tzinfo=UTC)
RIGHTS = "7.5"
"""What the foot of every page cites."""


@pytest.mark.clause("9.3")
def test_a_link_follows_the_clause_to_its_new_number(
    client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    link = '<a href="/en/policy/#c{0}">clause {0}</a>'
    assert link.format(RIGHTS) in client.get("/en/").text
    publish(inserted(current_text(), "7.3", HEALTH), DAY)
    assert link.format(RIGHTS) in client.get("/en/").text
    at(IN_FORCE)
    page = client.get("/en/").text
    assert link.format("7.6") in page
    assert link.format(RIGHTS) not in page


def test_without_such_a_clause_a_link_leads_to_the_policy(
    client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    publish(LONG, DAY)
    at(IN_FORCE)
    for path in ("/en/", "/en/account/login", "/en/policy/retention/"):
        page = client.get(path).text
        assert '<a href="/en/policy/">privacy policy</a>' in page
        assert "/policy/#c" not in page


def test_forms_and_terms_follow_too(
    client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    text = inserted(current_text(), "4.1.3", HEALTH)
    publish(inserted(text, "5.1", HEALTH), DAY)
    at(IN_FORCE)
    page = client.get("/en/account/register").text
    assert "to create and keep the account (4.1.7)" in page
    assert "to recognise me when I sign in and take my orders (4.1.1)" in page
    terms = client.get("/en/policy/retention/").text
    assert '<a href="/en/policy/#c4.1.6">clause 4.1.6</a>' in terms
    assert '<a href="/en/policy/#c4.1.5">clause 4.1.5</a>' not in terms


def test_emails_follow_in_their_own_language(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    def letter(name: str) -> str:
        context = {
            "mail": service(),
            "language": Language.KK,
            "link": lambda endpoint: endpoint,
            "at": IN_FORCE,
            "operator": app.extensions["neupusti.settings"].operator,
        }
        with app.test_request_context("/"), force_language(Language.KK):
            return render_template(name, **context, subject="")

    publish(inserted(current_text(), "4.1.3", HEALTH), DAY)
    at(IN_FORCE)
    assert "4.1.8" in letter("layout/mail.txt")
    assert "4.1.8" in letter("layout/mail.html")
    assert "policy.show#c6.1" in letter("accounts/mail/blocked.txt")
    publish(LONG, DAY + timedelta(days=1))
    at(IN_FORCE + timedelta(days=1))
    assert not re.search(r"[^.\d]\d\.\d", letter("layout/mail.txt"))
    assert "policy.show\n" in letter("accounts/mail/blocked.txt")


def test_a_consent_names_no_clause_that_the_edition_lacks(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    publish(LONG, DAY)
    at(IN_FORCE)
    with app.test_request_context("/en/account/register"):
        assert "(4" not in " ".join(map(str, ACCOUNT.purposes))


def test_of_two_clauses_the_nearer_one_is_cited(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """A copy that leaves a word out comes first in the text, the clause itself after it."""
    text = current_text()
    wording = next(line for line in text.split("\n") if line.startswith("7.5. "))
    near = wording.removeprefix("7.5. ").rsplit(" ", 1)[0] + "."
    publish(inserted(text, "7.5", near), DAY)
    at(IN_FORCE)
    with app.test_request_context("/"):
        assert citing.number_in_force(RIGHTS) == "7.6"


def test_an_unreachable_database_leaves_a_link_to_the_policy(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise OperationalError("", {}, OSError())

    with app.test_request_context("/"):
        assert citing.number_in_force(RIGHTS) == RIGHTS
        monkeypatch.setattr(citing, "current_store", unreachable)
        assert citing.number_in_force(RIGHTS) is None
        assert citing.citations() is None


@pytest.mark.parametrize("language", Language)
def test_each_entry_is_cited_by_its_own_number_in_the_shipped_edition(
    app: Flask, language: Language
) -> None:
    with app.test_request_context(language.prefix or "/"):
        for entry in ("1.1.1", "2.4", "3.3", "4.1.10", "6.2", "7.5"):
            assert citing.number_in_force(entry) == entry

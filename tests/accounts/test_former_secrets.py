"""Key rotation: codes keep working with the old secret, then without it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, text

from neupusti.accounts.models import RecoveryCode, SecondFactor
from neupusti.accounts.service import key_rotation, second_factor
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data import keys
from neupusti.core.data.database import db, writing
from neupusti.core.data.keys import LostSecretError
from neupusti.core.rules import Permission
from tests import desk
from tests.accounts.cast import account, second_factor_of, sign_in, signed_in
from tests.conftest import Visitor
from tests.lending import SECRET, close
from tests.people import AIGERIM, BOLAT, DANA

NEW, NEWEST = "the second secret of this site 2", "the third secret of this site 33"
Site = Callable[..., Flask]


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A site on the same databases with other secrets: `site(secret, *old)`."""
    apps: list[Flask] = []

    def made_with(secret: str, *old: str) -> Flask:
        app = create_app(replace(settings, secret_key=secret, secret_keys_old=old))
        app.testing = True
        app.test_client_class = Visitor
        apps.append(app)
        return app

    yield made_with
    for app in apps:
        close(app)


@contextmanager
def site_with(site: Site, *secrets: str) -> Iterator[Flask]:
    """Enter the context of a site with these secrets."""
    app = site(*secrets)
    with app.app_context():
        yield app
        db.session.remove()


def test_a_former_secret_lets_the_app_and_the_codes_go_on(app: Flask, site: Site) -> None:
    who = account(AIGERIM, with_second_factor=True)
    before = second_factor.codes(who.number)
    with site_with(site, NEW, SECRET) as changed:
        assert second_factor.secret(second_factor_of(who.number)) == who.secret
        assert second_factor.codes(who.number) == before
        assert sign_in(changed.test_client(), who).status_code == 303
        assert sign_in(changed.test_client(), who, code=before[0]).status_code == 303


def test_the_next_use_rewraps_with_the_current_secret(app: Flask, site: Site) -> None:
    who, other = (
        account(AIGERIM, with_second_factor=True),
        account(BOLAT, with_second_factor=True),
    )
    before = second_factor.codes(who.number)
    with site_with(site, NEW, SECRET) as changed:
        sign_in(changed.test_client(), who)
        assert second_factor_of(who.number).made_with == keys.name()
        assert second_factor_of(other.number).made_with != keys.name()
    with site_with(site, NEW) as alone:
        assert second_factor.secret(second_factor_of(who.number)) == who.secret
        assert second_factor.codes(who.number) == before
        assert sign_in(alone.test_client(), who).status_code == 303
        assert second_factor.is_unreadable(other.number)


def test_a_wrong_code_rewraps_nothing(app: Flask, site: Site) -> None:
    who = account(AIGERIM, with_second_factor=True)
    with site_with(site, NEW, SECRET) as changed:
        assert sign_in(changed.test_client(), who, code="000000").status_code == 422
        assert second_factor_of(who.number).made_with != keys.name()


def test_one_command_rewraps_everybody(app: Flask, site: Site) -> None:
    people = [account(who, with_second_factor=True) for who in (AIGERIM, BOLAT)]
    before = [second_factor.codes(who.number) for who in people]
    with site_with(site, NEW, SECRET) as changed:
        answer = changed.test_cli_runner().invoke(args=["accounts", "rekey"])
        assert (answer.exit_code, answer.output.split()[0]) == (0, "22")
        again = changed.test_cli_runner().invoke(args=["accounts", "rekey"])
        assert again.output.split()[0] == "0"
    with site_with(site, NEWEST, NEW):
        with writing() as session:
            assert key_rotation.rotate(session) == 22
        assert key_rotation.count_unreadable() == 0
    with site_with(site, NEWEST):
        for who, codes in zip(people, before, strict=True):
            assert second_factor.secret(second_factor_of(who.number)) == who.secret
            assert second_factor.codes(who.number) == codes


def test_rows_from_before_secrets_had_names_are_of_the_oldest(
    app: Flask, site: Site
) -> None:
    who = account(AIGERIM, with_second_factor=True)
    before = second_factor.codes(who.number)
    with writing() as session:
        for table in ("second_factor", "recovery_code"):
            session.execute(text(f"UPDATE {table} SET made_with = NULL"))  # noqa: S608
    assert second_factor.secret(second_factor_of(who.number)) == who.secret
    with site_with(site, NEWEST, NEW, SECRET) as changed:
        assert second_factor.secret(second_factor_of(who.number)) == who.secret
        assert sign_in(changed.test_client(), who).status_code == 303
    with site_with(site, NEWEST):
        assert second_factor.secret(second_factor_of(who.number)) == who.secret
        assert second_factor.codes(who.number) == before


def test_without_the_former_secret_a_message_says_so(app: Flask, site: Site) -> None:
    """The page shows it only after the right password."""
    who = account(AIGERIM, with_second_factor=True)
    known = second_factor.codes(who.number)
    with site_with(site, NEW) as changed:
        row = second_factor_of(who.number)
        with pytest.raises(LostSecretError):
            second_factor.secret(row)
        for code in (who.code(), known[0]):
            answer = sign_in(changed.test_client(), who, code=code)
            assert answer.status_code == 422
            assert "секрет сайта заменён" in answer.text
        assert second_factor.codes(who.number) == []
        assert key_rotation.count_unreadable() == 1
        result = changed.test_cli_runner().invoke(args=["accounts", "rekey"])
        assert result.exit_code == 1
        assert "1 second factors depend on an unknown secret" in result.output
    assert sign_in(app.test_client(), who).status_code == 303


@pytest.mark.manifest(field="duties")
def test_the_board_counts_what_nobody_can_read(app: Flask, site: Site) -> None:
    account(AIGERIM, with_second_factor=True)
    with site_with(site, NEW) as changed:
        dana = desk.member(DANA, Permission.STAFF)
        page = desk.signed_in(changed, dana).get("/en/admin/").text
        assert "Second factors that no secret of the site can decrypt" in page
        assert "1 item is open" in page


def test_the_database_alone_makes_no_codes(app: Flask, site: Site) -> None:
    """A wrapped key looks random and does not contain the key."""
    who = account(AIGERIM, with_second_factor=True)
    key = key_rotation.derived_key(second_factor_of(who.number))
    with site_with(site, NEW, SECRET) as changed:
        sign_in(changed.test_client(), who)
        rows = db.session.execute(select(RecoveryCode.mask)).scalars().all()
        row = db.session.get_one(SecondFactor, who.number)
        wrapped_keys = [*rows, row.mask]
        assert None not in wrapped_keys
        assert len(set(wrapped_keys)) == len(wrapped_keys) == 11
        assert row.mask != key.hex()
        assert key[:4].hex() not in str(wrapped_keys)


def test_a_former_secret_signs_no_cookie(app: Flask, site: Site) -> None:
    """The old secret may have leaked."""
    browser = signed_in(app, account(AIGERIM))
    cookie = browser.get_cookie("session")
    assert cookie is not None
    with site_with(site, NEW, SECRET) as changed:
        old = changed.test_client()
        old.set_cookie("session", cookie.value)
        assert old.get("/account/").status_code == 303


def test_a_removed_second_factor_never_comes_back(app: Flask) -> None:
    """Numbers of sign-ins are reused; the proposed secret is not."""
    who = account(AIGERIM)
    secrets = set()
    for _ in range(3):
        browser = signed_in(app, who)
        page = browser.get("/account/two-factor").text
        secrets.add(page.partition("<code>")[2].partition("</code>")[0])
        with writing() as session:
            session.execute(text("DELETE FROM sign_in"))
    assert len(secrets) == 3

"""A person's way: register, confirm, sign in, second step, sessions, out everywhere."""

from collections.abc import Iterator

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.accounts.views import blueprint
from neupusti.core import clock
from neupusti.core.languages import Language
from tests.accounts.cast import PASSWORD, letters, link
from tests.people import AIGERIM

SQLITE = pytest.mark.parametrize("stock", ["sqlite"], indirect=True)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Person:
    """Somebody at a browser, who presses the one button a page is about."""

    def __init__(self, page: Page, home: str, *, scripts: bool) -> None:
        self.page, self.home, self.scripts = page, home, scripts

    def open(self, path: str) -> None:
        """Open a page, and let axe look at it."""
        self.page.goto(self.home + path)
        self.look()

    def fill(self, **answers: str) -> None:
        """Fill fields in by their names."""
        for name, answer in answers.items():
            self.page.fill(f"main [name={name}]", answer)

    def press(self, button: str = "main form:has([name=csrf_token]) .button") -> None:
        """Press a button, and let axe look at what comes."""
        self.page.locator(button).first.click()
        self.page.wait_for_load_state("load")
        self.look()

    def look(self) -> None:
        """Find no fault by axe, where scripts may run at all."""
        if self.scripts:
            found = Axe().run(self.page, options={"runOnly": STANDARDS})
            assert found.violations_count == 0, found.generate_report()

    def at(self, path: str) -> None:
        """Expect to stand at `path`."""
        expect(self.page).to_have_url(self.home + path)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts; everything works without."""
    return bool(request.param)


@pytest.fixture
def somebody(
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001
) -> Iterator[Person]:
    context = chromium.new_context(
        java_script_enabled=scripts, viewport={"width": 320, "height": 800}
    )
    yield Person(context.new_page(), site_url, scripts=scripts)
    context.close()


@SQLITE
@pytest.mark.parametrize("language", list(Language))
def test_from_registering_to_signing_out_everywhere(
    app: Flask,
    somebody: Person,
    language: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blueprint, "STEP_SECONDS", 0)
    own = language.prefix
    registers(somebody, own)
    [letter] = letters(AIGERIM.email)
    assert letter.language == language
    confirms(somebody, own, link(letter))
    recovery = sets_the_second_step_up(somebody, own)
    comes_back_without_the_phone(somebody, own, recovery)
    takes_a_new_password_and_leaves(somebody, own)


def registers(person: Person, own: str) -> None:
    person.open(f"{own}/account/register")
    person.press()
    expect(person.page.locator(".problem a")).to_have_count(5)
    names = {"family_name": "Сейтқали", "given_name": "Айгерим"}
    person.fill(**names, email=AIGERIM.email, password=PASSWORD)
    person.page.check("main [name=consent]")
    person.press()
    person.at(f"{own}/account/register/sent")


def confirms(person: Person, own: str, path: str) -> None:
    person.open(path)
    person.press("button[value=confirm]")
    person.at(f"{own}/account/login?done=confirmed")
    person.fill(email=AIGERIM.email, password=PASSWORD)
    person.press()
    person.at(f"{own}/account/")


def sets_the_second_step_up(person: Person, own: str) -> str:
    person.open(f"{own}/account/two-factor")
    secret = person.page.inner_text("main code").replace(" ", "")
    person.fill(code=code(secret))
    person.press()
    person.at(f"{own}/account/two-factor/codes")
    return person.page.locator("main li code").all_inner_texts()[3]


def comes_back_without_the_phone(person: Person, own: str, recovery: str) -> None:
    person.open(f"{own}/account/sessions")
    person.press("button[value=everywhere]")
    person.at(f"{own}/account/login?done=signed-out")
    person.fill(email=AIGERIM.email, password=PASSWORD)
    person.press()
    person.at(f"{own}/account/login")
    person.fill(code="000 000")
    person.press()
    expect(person.page.locator(".problem")).to_be_visible()
    person.fill(code=recovery)
    person.press()
    person.at(f"{own}/account/")


def takes_a_new_password_and_leaves(person: Person, own: str) -> None:
    person.open(f"{own}/account/password")
    person.fill(current=PASSWORD, password="восемь 8")
    person.press()
    person.at(f"{own}/account/password?done=changed")
    person.open(f"{own}/account/")
    person.press("form[action$='/account/logout'] button")
    person.open(f"{own}/account/")
    person.at(f"{own}/account/login?next={own}/account/")


def code(secret: str) -> str:
    """Return what the app on the phone shows."""
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()))

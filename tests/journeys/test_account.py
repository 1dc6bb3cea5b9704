"""The whole life of an account, in a real browser on a served site.

Register, confirm, sign in, two-step verification, profile, change and undo of the e-mail,
sessions, password, picture, consents, withdrawal, sign-out everywhere.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, expect

from neupusti.core import clock
from neupusti.core.text.languages import Language
from tests import photos
from tests.accounts.cast import PASSWORD, emails_to, link
from tests.canary import addresses, revealing
from tests.conftest import SQLITE
from tests.journeys.test_reading import Visit
from tests.looks import audit_once, fits
from tests.people import AIGERIM, GUEST

OTHER_PASSWORD = "белый парус над заливом"
SHORT_PASSWORD = "восемь 8"
"""Long enough with two-step verification."""
SMALL = {"width": 320, "height": 800}
BUTTON = "main form:has([name=csrf_token]) .button"


@dataclass
class UserJourney(Visit):
    """A browser page, with actions of a user and checks after each."""

    language: Language = field(kw_only=True)
    scripts: bool = field(kw_only=True)

    def go(self, path: str) -> None:
        """Open a page in the language of the journey, and check it."""
        self.open(f"{self.language.prefix}{path}")
        self.check()

    def fill(self, **answers: str) -> None:
        """Fill form fields by name."""
        for name, answer in answers.items():
            self.page.fill(f"main [name={name}]", answer)

    def press(self, button: str = BUTTON) -> None:
        """Click a button, and check the page that follows."""
        self.page.locator(button).first.click()
        self.page.wait_for_load_state("load")
        self.check()

    def check(self) -> None:
        """Check language, leaks of addresses, page width and accessibility."""
        assert self.page.get_attribute("html", "lang") == self.language.tag
        leaked = [one for one in addresses(self.page.content()) if revealing(one)]
        assert [*leaked, *filter(revealing, [self.page.url])] == []
        if self.scripts:
            fits(self.page)
            audit_once(self.page, [(SMALL["width"], "light")])

    def at(self, path: str) -> None:
        """Expect the page to be at `path`."""
        expect(self.page).to_have_url(f"{self.home}{self.language.prefix}{path}")

    def mail(self, to: str, part: str) -> str:
        """Return the path of the link with `part` in the newest email that has one."""
        email = next(one for one in reversed(emails_to(to)) if part in one.text)
        path = link(email, part)
        assert path.startswith(f"{self.language.prefix}/account/")
        return path.removeprefix(self.language.prefix)

    def signs_in(self, password: str, code: str = "") -> None:
        """Sign in, with a code if two-step verification is on."""
        self.fill(email=AIGERIM.email, password=password)
        self.press()
        if code:
            self.at("/account/login")
            self.fill(code=code)
            self.press()
        self.at("/account/")

    def enters(self, password: str, code: str = "") -> None:
        """Open the page of the sign-in, and sign in."""
        self.go("/account/login")
        self.signs_in(password, code)

    def takes_two_steps(self, wrong_code: str = "") -> None:
        """Turn two-step verification on, after a code that is wrong, if any."""
        self.go("/account/two-factor")
        secret = self.page.inner_text("main code").replace(" ", "")
        if wrong_code:
            self.fill(code=wrong_code)
            self.press()
            expect(self.page.locator(".problem")).to_be_visible()
        self.fill(code=pyotp.TOTP(secret).at(int(clock.now().timestamp())))
        self.press()
        self.at("/account/two-factor/codes?done=factor-on")

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium logs a 422, which is the expected response to an invalid form.
        if "status of 422" not in message.text:
            super()._console(message)


@pytest.fixture
def home(app: Flask, site_url: str) -> str:
    """Where the site is served, which is not where its letters lead."""
    app.config["SERVER_NAME"] = None
    return site_url


@SQLITE
@pytest.mark.parametrize(
    ("language", "scripts"),
    [*((language, True) for language in Language), (Language.KK, False)],
    ids=[*Language, "kk without scripts"],
)
def test_from_registering_to_signing_out_everywhere(
    home: str, chromium: Browser, language: Language, *, scripts: bool, tmp_path: Path
) -> None:
    def new_journey() -> UserJourney:
        context = chromium.new_context(
            java_script_enabled=scripts,
            viewport=SMALL,  # type: ignore[arg-type]
        )
        return UserJourney(context.new_page(), home, language=language, scripts=scripts)

    person, second = new_journey(), new_journey()
    registers(person)
    confirms(person)
    saves_the_profile(person)
    changes_the_e_mail(person)
    recovers_the_account(second)
    person.enters(OTHER_PASSWORD)
    person.takes_two_steps(wrong_code="000 000")
    codes = person.page.locator("main li code").all_inner_texts()
    person.go("/account/")
    person.press("form[action$='/account/logout'] button")
    signs_in_with_a_recovery_code(person, codes[0])
    ends_another_session(person, second, codes[1])
    changes_the_password(person)
    uploads_and_removes_a_picture(person, tmp_path)
    withdraws_a_consent(person)
    signs_out_everywhere(person)
    assert [*person.complaints, *second.complaints] == []
    for one in (person, second):
        one.page.context.close()


def registers(person: UserJourney) -> None:
    person.go("/account/register")
    person.press()
    expect(person.page.locator(".problem a")).to_have_count(5)
    names = {"family_name": "Сейтқали", "given_name": "Айгерім"}
    person.fill(**names, email=AIGERIM.email, password=PASSWORD)
    person.page.check("main [name=consent]")
    person.page.check("main [name=newsletter]")
    person.press()
    person.at("/account/register/sent")


def confirms(person: UserJourney) -> None:
    person.go(person.mail(AIGERIM.email, "/confirm/"))
    person.press("button[value=confirm]")
    person.at("/account/login?done=confirmed")
    person.signs_in(PASSWORD)


def saves_the_profile(person: UserJourney) -> None:
    person.go("/account/profile")
    person.fill(given_name="Әйгерім", patronymic="Мақсатқызы")
    person.press("form[action$='/account/profile'] .button")
    person.at("/account/profile?done=saved")
    expect(person.page.locator("[name=given_name]")).to_have_value("Әйгерім")


def changes_the_e_mail(person: UserJourney) -> None:
    person.go("/account/email")
    person.fill(email=GUEST.email, current=PASSWORD)
    person.press()
    person.at("/account/profile?done=email-asked")
    person.go(person.mail(GUEST.email, "/email/confirm/"))
    person.press()
    person.at("/account/profile?done=email-changed")
    expect(person.page.locator("main")).to_contain_text(GUEST.email)


def recovers_the_account(owner: UserJourney, shown: str = "") -> None:
    """The owner of the old address needs no sign-in, and ends all sessions."""
    owner.go(owner.mail(AIGERIM.email, "/secure/"))
    expect(owner.page.locator("main")).to_contain_text(shown)
    owner.press()
    owner.fill(password=OTHER_PASSWORD)
    owner.press()
    owner.at("/account/login?done=reset")


def signs_in_with_a_recovery_code(person: UserJourney, code: str) -> None:
    person.go("/account/activity")
    person.at(f"/account/login?next={person.language.prefix}/account/activity")
    person.enters(OTHER_PASSWORD, code)
    person.go("/account/activity")
    person.go("/account/profile")
    expect(person.page.locator("main")).to_contain_text(AIGERIM.email)


def ends_another_session(person: UserJourney, other: UserJourney, code: str) -> None:
    other.signs_in(OTHER_PASSWORD, code)
    person.go("/account/sessions")
    expect(person.page.locator("tbody tr")).to_have_count(2)
    person.press("button[value=others]")
    person.at("/account/sessions?done=ended")
    expect(person.page.locator("tbody tr")).to_have_count(1)
    other.go("/account/")
    other.at(f"/account/login?next={other.language.prefix}/account/")


def changes_the_password(person: UserJourney) -> None:
    person.go("/account/password")
    person.fill(current=OTHER_PASSWORD, password=SHORT_PASSWORD)
    person.press()
    person.at("/account/password?done=changed")


def uploads_and_removes_a_picture(person: UserJourney, folder: Path) -> None:
    photo = folder / "photo.jpg"
    photo.write_bytes(photos.photo())
    person.go("/account/profile")
    person.page.set_input_files("[name=picture]", photo)
    person.press("form[enctype] .button")
    person.at("/account/profile?done=picture")
    picture = person.page.locator("img.avatar")
    expect(picture).to_be_visible()
    response = person.page.request.get(f"{person.home}{picture.get_attribute('src')}")
    assert response.headers["content-type"] == "image/webp"
    svg = {"name": "a.svg", "mimeType": "", "buffer": b"<svg>"}
    person.page.set_input_files("[name=picture]", svg)  # type: ignore[arg-type]
    person.press("form[enctype] .button")
    expect(person.page.locator("#picture-error")).to_be_visible()
    person.press("[name=choice][value=remove]")
    expect(picture).to_have_count(0)


def withdraws_a_consent(person: UserJourney) -> None:
    person.go("/account/consents")
    expect(person.page.locator("button[name=consent]")).to_have_count(2)
    person.page.locator("summary").first.click()
    expect(person.page.locator("details pre").first).to_contain_text("Neupusti.net")
    person.press("button[name=consent]")
    person.at("/account/consents?done=withdrawn")
    expect(person.page.locator("button[name=consent]")).to_have_count(1)


def signs_out_everywhere(person: UserJourney) -> None:
    person.go("/account/sessions")
    person.press("button[value=everywhere]")
    person.at("/account/login?done=signed-out")
    person.go("/account/")
    person.at(f"/account/login?next={person.language.prefix}/account/")
    person.go("/account/login")
    person.fill(email=AIGERIM.email, password=SHORT_PASSWORD)
    person.press()
    person.at("/account/login")
    emails = emails_to(AIGERIM.email)
    assert {email.language for email in emails} == {person.language}
    kinds = [email.kind for email in emails]
    assert [kind.removeprefix("accounts.") for kind in kinds] == [
        *("confirm", "email_changed", "locked", "password_changed", "factor_on"),
        *("code_spent", "code_spent", "password_changed", "withdrawn"),
    ]

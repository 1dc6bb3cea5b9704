"""One person's whole way, in a real browser and on the site as it is served.

Register, confirm, sign in, second step, profile, another e-mail, back to the old one,
sessions, password, picture, consents, withdrawing, signing out everywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, expect

from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.text.languages import Language
from tests.accounts import photos
from tests.accounts.cast import PASSWORD
from tests.canary import addresses, revealing
from tests.conftest import SQLITE
from tests.journeys.test_reading import RULES, Visit
from tests.people import AIGERIM, GUEST
from tests.served import Served, served

OTHER_PASSWORD = "белый парус над заливом"
SHORT_PASSWORD = "восемь 8"
"""Long enough beside a second step."""
BUTTON = "main form:has([name=csrf_token]) .button"


@dataclass
class Walker(Visit):
    """Somebody at a browser, who presses the one button a page is about."""

    site: Served = field(kw_only=True)
    language: Language = field(kw_only=True)
    scripts: bool = field(kw_only=True)
    seen: set[tuple[str, int]] = field(default_factory=set)
    """The pages axe has judged: by title, and by how much they had to say."""

    def go(self, path: str) -> None:
        """Open a page in the walker's language, and look at it."""
        self.open(f"{self.language.prefix}{path}")
        self.look()

    def fill(self, **answers: str) -> None:
        """Fill fields in by their names."""
        for name, answer in answers.items():
            self.page.fill(f"main [name={name}]", answer)

    def press(self, button: str = BUTTON) -> None:
        """Press a button, and look at what comes."""
        self.page.locator(button).first.click()
        self.page.wait_for_load_state("load")
        self.look()

    def look(self) -> None:
        """Find nothing that axe minds, that sticks out, or that names somebody."""
        assert self.page.get_attribute("html", "lang") == self.language.tag
        told = [one for one in addresses(self.page.content()) if revealing(one)]
        assert [*told, *filter(revealing, [self.page.url])] == []
        if self.scripts:
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, self.page.url
            kind = self.page.title(), self.page.locator(".problem, .notice").count()
            if kind not in self.seen:
                self.seen.add(kind)
                found = Axe().run(self.page, options=RULES)
                assert found.violations_count == 0, found.generate_report()

    def at(self, path: str) -> None:
        """Expect to stand at `path`."""
        expect(self.page).to_have_url(f"{self.home}{self.language.prefix}{path}")

    def mail(self, to: str, part: str) -> str:
        """Return the path of the link with `part` in the newest letter that has one."""
        link = re.compile(rf"{self.home}{self.language.prefix}(/\S*{part}\S*)")
        letters = reversed(self.site.emails(to))
        return next(
            found[1] for letter in letters if (found := link.search(letter["text"]))
        )

    def signs_in(self, password: str, code: str = "") -> None:
        """Sign in, with a code where there is a second step."""
        self.fill(email=AIGERIM.email, password=password)
        self.press()
        if code:
            self.at("/account/login")
            self.fill(code=code)
            self.press()
        self.at("/account/")

    def _console(self, message: ConsoleMessage) -> None:
        # A form that comes back with its mistakes is an answer, and Chromium notes it.
        if "status of 422" not in message.text:
            super()._console(message)


@pytest.fixture
def site(settings: Settings) -> Iterator[Served]:
    """The site in processes of its own, on databases of this test."""
    with served(settings) as running:
        yield running


@SQLITE
@pytest.mark.parametrize(
    ("language", "scripts"),
    [*((language, True) for language in Language), (Language.KK, False)],
    ids=[*Language, "kk without scripts"],
)
def test_from_registering_to_signing_out_everywhere(
    site: Served, chromium: Browser, language: Language, *, scripts: bool, tmp_path: Path
) -> None:
    def walker() -> Walker:
        context = chromium.new_context(
            java_script_enabled=scripts, viewport={"width": 320, "height": 800}
        )
        return Walker(
            context.new_page(), site.url, site=site, language=language, scripts=scripts
        )

    person, second = walker(), walker()
    registers(person)
    confirms(person)
    codes = sets_the_second_step_up(person)
    keeps_the_details(person)
    changes_the_e_mail(person)
    takes_the_account_back(second)
    comes_back_without_the_phone(person, codes[0])
    ends_another_session(person, second, codes[1])
    takes_a_new_password(person)
    puts_a_picture_up_and_takes_it_down(person, tmp_path)
    withdraws_a_consent(person)
    signs_out_everywhere(person)
    assert [*person.complaints, *second.complaints] == []
    for one in (person, second):
        one.page.context.close()


def registers(person: Walker) -> None:
    person.go("/account/register")
    person.press()
    expect(person.page.locator(".problem a")).to_have_count(5)
    names = {"family_name": "Сейтқали", "given_name": "Айгерім"}
    person.fill(**names, email=AIGERIM.email, password=PASSWORD)
    person.page.check("main [name=consent]")
    person.page.check("main [name=newsletter]")
    person.press()
    person.at("/account/register/sent")


def confirms(person: Walker) -> None:
    person.go(person.mail(AIGERIM.email, "/confirm/"))
    person.press("button[value=confirm]")
    person.at("/account/login?done=confirmed")
    person.signs_in(PASSWORD)


def sets_the_second_step_up(person: Walker) -> list[str]:
    person.go("/account/two-factor")
    secret = person.page.inner_text("main code").replace(" ", "")
    person.fill(code="000 000")
    person.press()
    expect(person.page.locator(".problem")).to_be_visible()
    person.fill(code=pyotp.TOTP(secret).at(int(clock.now().timestamp())))
    person.press()
    person.at("/account/two-factor/codes")
    return person.page.locator("main li code").all_inner_texts()


def keeps_the_details(person: Walker) -> None:
    person.go("/account/profile")
    person.fill(given_name="Әйгерім", patronymic="Мақсатқызы")
    person.press("form[action$='/account/profile'] .button")
    person.at("/account/profile?done=saved")
    expect(person.page.locator("[name=given_name]")).to_have_value("Әйгерім")


def changes_the_e_mail(person: Walker) -> None:
    person.go("/account/email")
    person.fill(email=GUEST.email, current=PASSWORD)
    person.press()
    person.at("/account/profile?done=email-asked")
    person.go(person.mail(GUEST.email, "/email/confirm/"))
    person.press()
    person.at("/account/profile?done=email-changed")
    expect(person.page.locator("main")).to_contain_text(GUEST.email)


def takes_the_account_back(owner: Walker) -> None:
    """Whoever has the old address needs no sign-in, and signs everybody out."""
    owner.go(owner.mail(AIGERIM.email, "/email/undo/"))
    owner.press()
    owner.fill(password=OTHER_PASSWORD)
    owner.press()
    owner.at("/account/login?done=reset")


def comes_back_without_the_phone(person: Walker, code: str) -> None:
    person.go("/account/activity")
    person.at(f"/account/login?next={person.language.prefix}/account/activity")
    person.go("/account/login")
    person.signs_in(OTHER_PASSWORD, code)
    person.go("/account/activity")
    person.go("/account/profile")
    expect(person.page.locator("main")).to_contain_text(AIGERIM.email)


def ends_another_session(person: Walker, other: Walker, code: str) -> None:
    other.signs_in(OTHER_PASSWORD, code)
    person.go("/account/sessions")
    expect(person.page.locator("tbody tr")).to_have_count(2)
    person.press("button[value=others]")
    person.at("/account/sessions?done=ended")
    expect(person.page.locator("tbody tr")).to_have_count(1)
    other.go("/account/")
    other.at(f"/account/login?next={other.language.prefix}/account/")


def takes_a_new_password(person: Walker) -> None:
    person.go("/account/password")
    person.fill(current=OTHER_PASSWORD, password=SHORT_PASSWORD)
    person.press()
    person.at("/account/password?done=changed")


def puts_a_picture_up_and_takes_it_down(person: Walker, folder: Path) -> None:
    photo = folder / "photo.jpg"
    photo.write_bytes(photos.photo())
    person.go("/account/profile")
    person.page.set_input_files("[name=picture]", photo)
    person.press("form[enctype] .button")
    person.at("/account/profile?done=picture")
    picture = person.page.locator("img.avatar")
    expect(picture).to_be_visible()
    drawn = person.page.request.get(f"{person.home}{picture.get_attribute('src')}")
    assert drawn.headers["content-type"] == "image/webp"
    svg = {"name": "a.svg", "mimeType": "", "buffer": b"<svg>"}
    person.page.set_input_files("[name=picture]", svg)  # type: ignore[arg-type]
    person.press("form[enctype] .button")
    expect(person.page.locator("#picture-error")).to_be_visible()
    person.press("[name=choice][value=remove]")
    expect(picture).to_have_count(0)


def withdraws_a_consent(person: Walker) -> None:
    person.go("/account/consents")
    expect(person.page.locator("button[name=consent]")).to_have_count(2)
    person.page.locator("summary").first.click()
    expect(person.page.locator("details pre").first).to_contain_text("Neupusti.net")
    person.press("button[name=consent]")
    person.at("/account/consents?done=withdrawn")
    expect(person.page.locator("button[name=consent]")).to_have_count(1)


def signs_out_everywhere(person: Walker) -> None:
    person.go("/account/sessions")
    person.press("button[value=everywhere]")
    person.at("/account/login?done=signed-out")
    person.go("/account/")
    person.at(f"/account/login?next={person.language.prefix}/account/")
    person.go("/account/login")
    person.fill(email=AIGERIM.email, password=SHORT_PASSWORD)
    person.press()
    person.at("/account/login")
    letters = person.site.emails(AIGERIM.email)
    assert {letter["language"] for letter in letters} == {person.language}
    kinds = [letter["kind"] for letter in letters]
    assert [kind.removeprefix("accounts.") for kind in kinds] == [
        *("confirm", "factor_on", "email_changed", "locked", "password_changed"),
        *("code_spent", "code_spent", "password_changed", "withdrawn"),
    ]

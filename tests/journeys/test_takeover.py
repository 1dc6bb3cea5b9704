"""The owner comes back after a takeover, and is not locked out by strangers."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from neupusti.accounts.service import limits
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.text.languages import Language
from tests.accounts.cast import PASSWORD, Account, account
from tests.conftest import SQLITE
from tests.journeys.test_account import OTHER_PASSWORD, UserJourney
from tests.lending import opened
from tests.people import AIGERIM, GUEST
from tests.served import Served, served

THIEVES = "чужой пароль у моста"
WRONG = "неверный пароль тут"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
pytestmark = [SQLITE, pytest.mark.parametrize("language", [Language.RU, Language.KK])]


@pytest.fixture
def who(language: Language, settings: Settings) -> Account:
    """Айгерим, who has an account."""
    with opened(settings):
        return account(AIGERIM, language=language)


@pytest.fixture
def site(settings: Settings, who: Account) -> Iterator[Served]:
    """The site in separate processes, with the account of Айгерим."""
    with served(settings) as running:
        yield running


def journey(
    site: Served, chromium: Browser, language: Language, agent: str | None = None
) -> UserJourney:
    context = chromium.new_context(viewport={"width": 320, "height": 800}, user_agent=agent)
    return UserJourney(
        context.new_page(), site.url, site=site, language=language, scripts=True
    )


def test_the_owner_comes_back_after_a_takeover(
    site: Served, chromium: Browser, language: Language
) -> None:
    owner = journey(site, chromium, language)
    thief = journey(site, chromium, language, LINUX)
    owner.go("/account/login")
    owner.signs_in(PASSWORD)
    takes_over(thief)
    owner.go("/account/")
    owner.at(f"/account/login?next={language.prefix}/account/")

    owner.go(owner.mail(AIGERIM.email, "/secure/"))
    expect(owner.page.locator("main")).to_contain_text(AIGERIM.email)
    owner.press()
    owner.fill(password=OTHER_PASSWORD)
    owner.press()
    owner.at("/account/login?done=reset")
    owner.signs_in(OTHER_PASSWORD)
    owner.go("/account/profile")
    expect(owner.page.locator("main")).to_contain_text(AIGERIM.email)
    owner.go("/account/activity")

    thief.go("/account/")
    thief.at(f"/account/login?next={language.prefix}/account/")
    assert [*owner.complaints, *thief.complaints] == []
    for one in (owner, thief):
        one.page.context.close()


def takes_over(thief: UserJourney) -> None:
    """Switch two-step verification on, then change the e-mail and the password."""
    thief.go("/account/login")
    thief.signs_in(PASSWORD)
    thief.go("/account/two-factor")
    secret = thief.page.inner_text("main code").replace(" ", "")
    thief.fill(code=pyotp.TOTP(secret).at(int(clock.now().timestamp())))
    thief.press()
    thief.at("/account/two-factor/codes")
    thief.go("/account/email")
    thief.fill(email=GUEST.email, current=PASSWORD)
    thief.press()
    thief.go(thief.mail(GUEST.email, "/email/confirm/"))
    thief.press()
    thief.at("/account/profile?done=email-changed")
    thief.go("/account/password")
    thief.fill(current=PASSWORD, password=THIEVES)
    thief.press()
    thief.at("/account/password?done=changed")


def test_the_code_page_of_an_intruder_names_the_way_out(
    site: Served, chromium: Browser, language: Language
) -> None:
    """Where only two-step verification was switched on, by somebody else."""
    owner = journey(site, chromium, language)
    thief = journey(site, chromium, language, LINUX)
    owner.go("/account/login")
    owner.signs_in(PASSWORD)
    owner.press("form[action$='/account/logout'] button")
    thief.go("/account/login")
    thief.signs_in(PASSWORD)
    thief.go("/account/two-factor")
    secret = thief.page.inner_text("main code").replace(" ", "")
    thief.fill(code=pyotp.TOTP(secret).at(int(clock.now().timestamp())))
    thief.press()
    owner.go("/account/login")
    owner.fill(email=AIGERIM.email, password=PASSWORD)
    owner.press()
    owner.at("/account/login")
    words = owner.page.locator("main .muted").last
    expect(words).to_contain_text("7")
    owner.go(owner.mail(AIGERIM.email, "/secure/"))
    owner.press()
    owner.fill(password=OTHER_PASSWORD)
    owner.press()
    owner.signs_in(OTHER_PASSWORD)
    for one in (owner, thief):
        one.page.context.close()


def test_strangers_do_not_lock_the_owner_out(
    site: Served, chromium: Browser, language: Language
) -> None:
    """On the known device at once; on another one by a link."""
    owner = journey(site, chromium, language)
    owner.go("/account/login")
    owner.signs_in(PASSWORD)
    owner.press("form[action$='/account/logout'] button")
    stranger = journey(site, chromium, language, LINUX)
    for _ in range(limits.SIGN_IN_ACCOUNT.times + 1):
        guesses(stranger)
    expect(stranger.page.locator(".code")).to_have_text("429")
    owner.go("/account/login")
    owner.signs_in(PASSWORD)

    elsewhere = journey(site, chromium, language, LINUX)
    elsewhere.go("/account/password/reset")
    elsewhere.fill(email=AIGERIM.email)
    elsewhere.press()
    elsewhere.go(elsewhere.mail(AIGERIM.email, "/reset/"))
    elsewhere.fill(password=OTHER_PASSWORD)
    elsewhere.press()
    guesses(stranger)
    elsewhere.signs_in(OTHER_PASSWORD)
    for one in (owner, stranger, elsewhere):
        one.page.context.close()


def guesses(stranger: UserJourney) -> None:
    """Try a wrong password."""
    stranger.open(f"{stranger.language.prefix}/account/login")
    stranger.fill(email=AIGERIM.email, password=WRONG)
    stranger.page.locator("main form .button").first.click()
    stranger.page.wait_for_load_state("load")

"""The owner comes back after a takeover, and is not locked out by strangers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from neupusti.accounts.service import limits
from neupusti.core.text.languages import Language
from tests.accounts.cast import PASSWORD, account
from tests.conftest import SQLITE
from tests.journeys.test_account import (
    OTHER_PASSWORD,
    SMALL,
    UserJourney,
    recovers_the_account,
)
from tests.people import AIGERIM, GUEST

THIEVES = "чужой пароль у моста"
WRONG = "неверный пароль тут"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
Journey = Callable[..., UserJourney]
pytestmark = [SQLITE, pytest.mark.parametrize("language", [Language.RU, Language.KK])]


@pytest.fixture
def journey(
    app: Flask, chromium: Browser, site_url: str, language: Language
) -> Iterator[Journey]:
    """Start a browser of its own for each person; Айгерим has an account."""
    app.config["SERVER_NAME"] = None
    account(AIGERIM, language=language)
    with ExitStack() as contexts:

        def start(agent: str | None = None) -> UserJourney:
            context = chromium.new_context(viewport=SMALL, user_agent=agent)  # type: ignore[arg-type]
            contexts.callback(context.close)
            page = context.new_page()
            return UserJourney(page, site_url, language=language, scripts=True)

        yield start


def test_the_owner_comes_back_after_a_takeover(
    journey: Journey, language: Language
) -> None:
    owner = journey()
    thief = journey(LINUX)
    owner.enters(PASSWORD)
    takes_over(thief)
    owner.go("/account/")
    owner.at(f"/account/login?next={language.prefix}/account/")

    recovers_the_account(owner, AIGERIM.email)
    owner.signs_in(OTHER_PASSWORD)
    owner.go("/account/profile")
    expect(owner.page.locator("main")).to_contain_text(AIGERIM.email)
    owner.go("/account/activity")

    thief.go("/account/")
    thief.at(f"/account/login?next={language.prefix}/account/")
    assert [*owner.complaints, *thief.complaints] == []


def takes_over(thief: UserJourney) -> None:
    """Switch two-step verification on, then change the e-mail and the password."""
    thief.enters(PASSWORD)
    thief.takes_two_steps()
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
    journey: Journey, language: Language
) -> None:
    """Where only two-step verification was switched on, by somebody else."""
    owner = journey()
    thief = journey(LINUX)
    owner.enters(PASSWORD)
    owner.press("form[action$='/account/logout'] button")
    thief.enters(PASSWORD)
    thief.takes_two_steps()
    owner.go("/account/login")
    owner.fill(email=AIGERIM.email, password=PASSWORD)
    owner.press()
    owner.at("/account/login")
    words = owner.page.locator("main .muted").last
    expect(words).to_contain_text("7")
    recovers_the_account(owner)
    owner.signs_in(OTHER_PASSWORD)


def test_strangers_do_not_lock_the_owner_out(journey: Journey, language: Language) -> None:
    """On the known device at once; on another one by a link."""
    owner = journey()
    owner.enters(PASSWORD)
    owner.press("form[action$='/account/logout'] button")
    stranger = journey(LINUX)
    for _ in range(limits.SIGN_IN_ACCOUNT.times + 1):
        guesses(stranger)
    expect(stranger.page.locator(".code")).to_have_text("429")
    owner.enters(PASSWORD)

    elsewhere = journey(LINUX)
    elsewhere.go("/account/password/reset")
    elsewhere.fill(email=AIGERIM.email)
    elsewhere.press()
    elsewhere.go(elsewhere.mail(AIGERIM.email, "/reset/"))
    elsewhere.fill(password=OTHER_PASSWORD)
    elsewhere.press()
    guesses(stranger)
    elsewhere.signs_in(OTHER_PASSWORD)


def guesses(stranger: UserJourney) -> None:
    """Try a wrong password."""
    stranger.open(f"{stranger.language.prefix}/account/login")
    stranger.fill(email=AIGERIM.email, password=WRONG)
    stranger.page.locator("main form .button").first.click()
    stranger.page.wait_for_load_state("load")

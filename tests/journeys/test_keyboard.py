"""Signing in with two steps by keyboard alone, mistakes included."""

from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.accounts.cast import account
from tests.conftest import SQLITE
from tests.journeys.test_shop import enter, tabs_to
from tests.people import AIGERIM


def focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate("s => document.activeElement.matches(s)", selector))


@SQLITE
def test_signing_in_with_two_steps(app: Flask, chromium: Browser, site_url: str) -> None:
    app.config["SERVER_NAME"] = None
    aigerim = account(AIGERIM, with_second_factor=True)
    page = chromium.new_page()
    page.goto(f"{site_url}/kk/account/activity")
    tabs_to(page, ".skip")
    page.keyboard.press("Enter")
    tabs_to(page, "main [name=email]")
    page.keyboard.type(aigerim.email)
    enter(page)
    assert focused(page, "main .problem")
    tabs_to(page, ".problem a")
    page.keyboard.press("Enter")
    assert focused(page, "[name=password]")
    page.keyboard.type(aigerim.password)
    enter(page)
    for code in ("000000", aigerim.code()):
        tabs_to(page, "main [name=code]")
        page.keyboard.press("Control+a")
        page.keyboard.type(code)
        enter(page)
        if code == "000000":
            assert focused(page, "main .problem")
            assert page.title().startswith("Қате: ")
    expect(page).to_have_url(f"{site_url}/kk/account/activity")
    page.close()

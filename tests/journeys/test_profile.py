"""A person keeps the own account in order, in browsers with scripts and without."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.core.languages import Language
from tests.accounts import photos
from tests.accounts.cast import Account, account, letters, link
from tests.accounts.test_consents import given
from tests.people import AIGERIM, GUEST

SQLITE = pytest.mark.parametrize("stock", ["sqlite"], indirect=True)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visitor(request: pytest.FixtureRequest, chromium: Browser) -> Callable[[], Page]:
    """Open a browser of its own, with or without scripts."""
    return lambda: chromium.new_context(java_script_enabled=request.param).new_page()


def sign_in(page: Page, home: str, who: Account) -> None:
    page.goto(f"{home}/account/login")
    page.fill("[name=email]", who.email)
    page.fill("[name=password]", who.password)
    page.locator("main form .button").click()
    page.wait_for_url(f"{home}/account/")


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_name_picture_and_consents(
    app: Flask,
    visitor: Callable[[], Page],
    site_url: str,
    tmp_path: Path,
    language: Language,
) -> None:
    who = account(AIGERIM, language=language)
    consent = given(who)
    home = f"{site_url}{language.prefix}"
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photos.photo())
    page = visitor()
    sign_in(page, home, who)

    page.locator("main a[href$='/account/profile']").first.click()
    page.fill("[name=given_name]", "Әйгерім")
    page.locator("form[action$='/account/profile'] .button").click()
    expect(page.locator("[name=given_name]")).to_have_value("Әйгерім")

    puts_a_picture_up_and_takes_it_down(page, site_url, photo)

    page.goto(f"{home}/account/consents")
    # The words are those of the consent, in its own language, whatever the page speaks.
    page.locator("summary").click()
    expect(page.locator("details pre")).to_contain_text("Кто получает: ТОО")
    page.locator(f"button[name=consent][value='{consent}']").click()
    expect(page.locator("button[name=consent]")).to_have_count(0)
    assert [letter.kind for letter in letters(who.email)] == ["accounts.withdrawn"]
    page.context.close()


def puts_a_picture_up_and_takes_it_down(page: Page, site_url: str, photo: Path) -> None:
    page.set_input_files("[name=picture]", photo)
    page.locator("form[enctype] .button").click()
    picture = page.locator("img.avatar")
    expect(picture).to_be_visible()
    drawn = page.request.get(f"{site_url}{picture.get_attribute('src')}")
    assert drawn.headers["content-type"] == "image/webp"
    page.set_input_files(
        "[name=picture]", {"name": "a.svg", "mimeType": "", "buffer": b"<svg>"}
    )
    page.locator("form[enctype] .button").click()
    expect(page.locator("#picture-error")).to_be_visible()
    page.locator("[name=choice][value=remove]").click()
    expect(page.locator("img.avatar")).to_have_count(0)


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_the_e_mail_is_changed_and_taken_back(
    app: Flask, visitor: Callable[[], Page], site_url: str, language: Language
) -> None:
    who = account(AIGERIM, language=language)
    home = f"{site_url}{language.prefix}"
    page = visitor()
    sign_in(page, home, who)
    page.goto(f"{home}/account/email")
    page.fill("[name=email]", GUEST.email)
    page.fill("[name=current]", who.password)
    page.locator("main form .button").click()
    page.goto(site_url + link(letters(GUEST.email)[-1]))
    page.locator("main form .button").click()
    expect(page.locator("main")).to_contain_text(GUEST.email)

    # Whoever has the old address needs no sign-in, and signs everybody out.
    owner = visitor()
    owner.goto(site_url + link(letters(AIGERIM.email)[-1], "/undo/"))
    owner.locator("main form .button").click()
    owner.fill("[name=password]", "белый парус над заливом")
    owner.locator("main form .button").click()
    owner.wait_for_url("**/account/login?done=reset")
    page.goto(f"{home}/account/")
    assert "/account/login" in page.url
    owner.context.close()
    page.context.close()

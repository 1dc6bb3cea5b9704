"""The button that shows a password: progressive, translated, usable by keyboard."""

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from neupusti.config.values import ROOT
from tests.conftest import SQLITE

WORDS = {"": "Показать пароль", "/kk": "Құпиясөзді көрсету", "/en": "Show the password"}
TYPED = "қызыл арбада үш құлын"


@SQLITE
@pytest.mark.parametrize("own", WORDS)
def test_the_button_shows_and_hides_what_was_typed(
    chromium: Browser, site_url: str, own: str
) -> None:
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{site_url}{own}/account/register")
    password = page.locator("[name=password]")
    button = page.get_by_role("button", name=WORDS[own], exact=True)
    expect(button).to_have_attribute("aria-pressed", "false")
    password.fill(TYPED)
    password.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(password).to_have_attribute("type", "text")
    expect(password).to_have_attribute("spellcheck", "false")
    expect(password).to_have_value(TYPED)
    page.keyboard.press("Enter")
    expect(password).to_have_attribute("type", "password")
    assert page.url == f"{site_url}{own}/account/register"
    assert said == []
    page.close()


@SQLITE
def test_a_shown_password_is_sent_as_a_password(chromium: Browser, site_url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site_url}/account/login")
    page.get_by_role("button", name=WORDS[""]).click()
    page.evaluate("""document.querySelector("[name=password]").form
        .addEventListener("submit", (event) => event.preventDefault())""")
    expect(page.locator("[name=password]")).to_have_attribute("type", "text")
    page.locator("main form .button").click()
    expect(page.locator("[name=password]")).to_have_attribute("type", "password")
    page.close()


@SQLITE
def test_without_scripts_there_is_no_button(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/account/login")
    expect(page.locator("[name=password]")).to_have_attribute("type", "password")
    expect(page.locator("[aria-pressed][type=button]")).to_have_count(0)
    context.close()


@SQLITE
def test_only_a_page_with_a_password_loads_it(client: FlaskClient) -> None:
    assert len((ROOT / "static" / "reveal.js").read_bytes()) <= 1024
    for path in ("/account/login", "/account/register"):
        assert client.get(path).text.count("<script") == 1
    for path in ("/", "/policy/", "/account/password/reset", "/cookies/"):
        answer = client.get(path)
        assert (answer.status_code, "<script" in answer.text) == (200, False), path

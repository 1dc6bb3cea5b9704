"""Consent in Chromium: refuse, agree, withdraw; by keyboard and without scripts."""

import json
import re
import shutil
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from neupusti.app import FEATURES
from neupusti.core.feature import Category, Feature
from neupusti.core.text.languages import Language
from tests.conftest import CHROMIUM_ARGS, SQLITE
from tests.consent.conftest import records
from tests.core.web.test_redirects import HOSTILE
from tests.looks import SCHEMES, WORDS, audit, rendered, violations

pytestmark = SQLITE
REJECT, ACCEPT = ".cookies [value=reject]", ".cookies [value=accept]"


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """All features of the site."""
    return FEATURES


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser context without JavaScript."""
    context = chromium.new_context(java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


@pytest.fixture
def scripted(chromium: Browser) -> Iterator[Page]:
    """A page with JavaScript, for the scripts of the test."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def names(context: BrowserContext) -> set[str]:
    return {str(cookie.get("name")) for cookie in context.cookies()}


@pytest.mark.clause("1.1.7")
def test_a_new_visitor_tries_everything(
    context: BrowserContext, page: Page, site_url: str
) -> None:
    page.goto(f"{site_url}/en/policy/")
    assert names(context) == set()
    page.click(REJECT)
    expect(page.locator(".cookies")).to_contain_text("Refused: only the necessary cookies")
    assert names(context) == {"consent"}
    page.goto(f"{site_url}/en/")
    expect(page.locator(".cookies")).to_have_count(0)

    page.click("footer >> text=Cookies")
    expect(page.locator("#preferences-box")).not_to_be_checked()
    page.check("#preferences-box")
    page.click("main [value=save]")
    expect(page.locator("#preferences-box")).to_be_checked()
    page.click("footer [value=dark]")
    assert names(context) == {"consent", "theme"}

    page.click("text=Your receipt >> nth=0")
    expect(page.locator("main")).to_contain_text(records()[-1].public_id)
    with page.expect_download() as download:
        page.click("text=Download as a file")
    assert download.value.suggested_filename == f"consent-{records()[-1].public_id}.json"

    page.goto(f"{site_url}/en/policy/history/")
    page.click("footer [value=withdraw]")
    expect(page.locator(".cookies")).to_contain_text("Withdrawn: what you had allowed")
    assert names(context) == {"consent"}
    assert page.url.startswith(f"{site_url}/en/policy/history/?cookies=")

    page.goto(f"{site_url}/en/cookies/")
    page.click("main [value=erase]")
    expect(page.locator(".cookies")).to_contain_text("only your refusal is left")
    assert names(context) == {"consent"}
    assert [record.granted for record in records()] == ["", "preferences", ""]


def test_the_keyboard_is_enough(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context()
    page = context.new_page()

    def focused() -> str:
        element = "e.value || e.getAttribute('href') || e.textContent"
        return str(page.evaluate(f"(e => {element})(document.activeElement)"))

    page.goto(f"{site_url}/en/policy/")
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(focused())
    assert seen[:4] == ["/en/cookies/", "/en/policy/", "reject", "accept"]
    assert seen[5] == "#main"
    page.locator(REJECT).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("cookies="))
    rendered(page)
    assert focused().strip().startswith("Refused: only the necessary cookies")
    page.keyboard.press("Tab")
    assert focused() == "/en/cookies/"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/en/cookies/$"))
    page.locator("#preferences-box").focus()
    page.keyboard.press("Space")
    used = {cookie.category for feature in FEATURES for cookie in feature.cookies}
    for name in (*[one for one in Category if one in used][2:], "save"):
        page.keyboard.press("Tab")
        assert focused() == name
    page.keyboard.press("Space")
    page.wait_for_url(re.compile("cookies="))
    expect(page.locator("#preferences-box")).to_be_checked()
    context.close()


def test_the_banner_covers_nothing_and_moves_nothing(
    chromium: Browser, site_url: str
) -> None:
    for width in (320, 1280):
        context = chromium.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{site_url}/policy/")
        figures = page.evaluate(
            """() => new Promise(done => {
                let shift = 0;
                new PerformanceObserver(list => {
                    for (const e of list.getEntries()) shift += e.value;
                }).observe({type: "layout-shift", buffered: true});
                requestAnimationFrame(() => requestAnimationFrame(() => {
                    const $ = name => document.querySelector(name).getBoundingClientRect();
                    const {top, bottom} = $(".cookies");
                    done({shift, top, bottom, header: $("header").top});
                }));
            })"""
        )
        assert figures["shift"] == 0
        assert figures["top"] == 0
        assert figures["header"] >= figures["bottom"]
        context.close()


def test_back_never_shows_a_dead_banner(chromium: Browser, site_url: str) -> None:
    """The back/forward cache is on: `no-store` and the new cookie keep pages out of it."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site_url}/en/policy/history/")
    page.goto(f"{site_url}/en/policy/")
    expect(page.locator(REJECT)).to_have_count(1)
    page.click(REJECT)
    page.wait_for_url(re.compile("cookies="))
    for _ in range(2):
        page.go_back()
        assert page.locator(REJECT).count() == 0
    page.go_forward()
    assert page.locator(REJECT).count() == 0
    page.go_back()
    page.click("footer >> text=Cookies")
    page.click("main [value=accept]")
    page.wait_for_url(re.compile("cookies="))
    page.go_back()
    page.go_back()
    assert page.locator("footer [value=withdraw]").count() == 1
    context.close()


def test_no_address_leads_a_browser_away(scripted: Page, site_url: str) -> None:
    page, requested = scripted, []
    page.on("request", lambda request: requested.append(request.url))
    short = (address for address in HOSTILE if len(address) <= 100)
    # Both buttons send the same form to the same view.
    for address, action in zip(short, cycle(("reject", "accept")), strict=False):
        query = "" if "\x00" in address else f"?next={quote(address)}"
        page.goto(f"{site_url}/en/cookies/{query}")
        page.locator("main [name=next]").evaluate(
            "(field, to) => field.value = to", address
        )
        page.click(f"main [value={action}]")
        page.wait_for_url(re.compile(r"[?&]cookies="))
        expect(page.locator("h1")).to_have_count(1)
    assert [url for url in requested if not url.startswith(f"{site_url}/")] == []


def test_cookies_switched_off(chromium: Browser, site_url: str, tmp_path: Path) -> None:
    profile = tmp_path / "Default" / "Preferences"
    profile.parent.mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    profile.write_text(json.dumps(blocked))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS
    )
    page = context.new_page()
    page.goto(f"{site_url}/en/")
    page.click(ACCEPT)
    expect(page.locator(".cookies")).to_contain_text("keeps no cookies")
    for path in ("/en/", "/en/policy/", "/en/policy/ledger/", "/en/cookies/"):
        assert page.goto(site_url + path)
    expect(page.locator("main")).to_contain_text("none yet")
    assert names(context) == set()
    context.close()


def test_the_signal_needs_no_banner(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context(extra_http_headers={"Sec-GPC": "1"})
    page = context.new_page()
    page.goto(f"{site_url}/en/policy/")
    expect(page.locator(".cookies")).to_contain_text("We honour it")
    expect(page.locator(REJECT)).to_have_count(0)
    assert names(context) == set()
    page.goto(f"{site_url}/en/cookies/")
    page.click("main [value=accept]")
    page.goto(f"{site_url}/en/policy/")
    expect(page.locator(".cookies")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("language", Language)
def test_everybody_can_read_the_question_and_the_answer(
    chromium: Browser, site_url: str, language: Language
) -> None:
    """Check every state from the banner to the receipt; in Russian, its colours too."""

    def check(page: Page, where: str) -> None:
        if language is not Language.RU:
            audit(page, product((320, 390, 1280), SCHEMES[:1]), WORDS)
            return
        audit(page, product((320, 390, 1280), SCHEMES))
        page.emulate_media(forced_colors="active", color_scheme="light")
        assert violations(page) == [], (where, "forced colours")
        page.emulate_media(forced_colors="none")

    context = chromium.new_context()
    page = context.new_page()
    home = site_url + language.prefix
    page.goto(f"{home}/cookies/")
    check(page, "choices")
    page.goto(f"{home}/policy/history/")
    check(page, "banner")
    page.click(ACCEPT)
    page.wait_for_url(re.compile("cookies="))
    check(page, "saved")
    page.goto(f"{home}/cookies/receipt/")
    page.locator("details summary").first.click()
    check(page, "receipt")
    context.close()


def test_a_copied_link_asks_the_next_reader(
    chromium: Browser, page: Page, site_url: str
) -> None:
    page.goto(f"{site_url}/en/policy/")
    page.click(REJECT)
    expect(page.locator(".cookies")).to_contain_text("Refused")
    reader = chromium.new_context()
    other = reader.new_page()
    other.goto(page.url)
    expect(other.locator(REJECT)).to_have_count(1)
    expect(other.locator(".cookies")).not_to_contain_text("keeps no cookies")
    reader.close()

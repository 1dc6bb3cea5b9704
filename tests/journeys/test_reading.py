"""Every public page in three languages, two sizes and two colour schemes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.looks import LIGHT, WORDS, audit
from tests.policy.documents import real_document

PATHS = [
    "/",
    "/policy/",
    "/policy/2022-08-04/",
    "/policy/2026-11-01/3.3",
    "/policy/2026-11-01/preamble",
    "/policy/history/",
    "/policy/compare/2022-08-04/2026-11-01/",
    "/policy/clauses/m2eekhmg/",
    "/policy/ledger/",
    "/no-such-page",
]


@dataclass
class Visit:
    """A page; collects console errors and requests to other hosts."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)

    def open(self, path: str) -> None:
        """Open `path` and wait until it is loaded."""
        self.page.goto(self.home + path, wait_until="load")

    def _console(self, message: ConsoleMessage) -> None:
        expected = "404" in message.text and self.page.url.endswith("/no-such-page")
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.home):
            self.complaints.append(f"{self.page.url} asked for {request.url}")


@pytest.fixture
def visit(chromium: Browser, site_url: str) -> Iterator[Visit]:
    """A page of a new visitor."""
    context = chromium.new_context()
    yield Visit(context.new_page(), site_url)
    context.close()


@SQLITE
@pytest.mark.clause("2.3")
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_open_to_everybody(visit: Visit, language: Language, path: str) -> None:
    visit.open(language.prefix + path)
    page = visit.page
    if language is Language.RU:
        audit(page)
    else:  # the same page, with other words
        audit(page, LIGHT, WORDS)
    assert page.get_attribute("html", "lang") == language.tag
    assert len(page.query_selector_all("h1")) == 1
    assert page.query_selector_all("[style], style, script:not([src])") == []
    assert unmarked_links(visit) == []
    assert visit.complaints == []


def unmarked_links(visit: Visit) -> list[str]:
    """Return where a page links to other sites and tells them or lets them more."""
    links = visit.page.query_selector_all(
        "a[href^='http']:not([rel='noopener noreferrer'])"
    )
    addresses = (link.get_attribute("href") or "" for link in links)
    own = (visit.home, "http://127.0.0.1:8000")
    return [address for address in addresses if not address.startswith(own)]


@SQLITE
def test_everything_works_without_scripts(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}/kk/policy/")
    page.locator("#c3\\.3\\.1 details summary").first.click()
    expect(page.locator("#c3\\.3\\.1 details p").first).to_be_visible()

    page.goto(f"{site_url}/policy/history/")
    page.locator("form[action$='/policy/compare/'] button").click()
    expect(page.locator("ins").first).to_be_visible()
    assert "/policy/compare/2026-11-01/2026-11-26/" in page.url
    context.close()


@SQLITE
def test_a_wide_comparison_has_two_columns_and_a_narrow_one_runs_on(visit: Visit) -> None:
    visit.open("/policy/compare/2022-08-04/2026-11-01/")
    change = visit.page.locator(".sides:not(.rewritten)").first
    old, new = change.locator(".old"), change.locator(".new")

    visit.page.set_viewport_size({"width": 1366, "height": 800})
    left, right = old.bounding_box(), new.bounding_box()
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    expect(old.locator("del").first).to_be_visible()
    expect(new.locator("del").first).to_be_hidden()

    visit.page.set_viewport_size({"width": 360, "height": 800})
    expect(old).to_be_hidden()
    expect(new.locator("del").first).to_be_visible()
    expect(new.locator("ins").first).to_be_visible()


@SQLITE
def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    visit.open("/policy/")
    # The cookie banner comes first; once answered, it is gone.
    visit.page.locator(".cookies [value=reject]").click()
    visit.open("/policy/")
    visit.page.keyboard.press("Tab")
    focused = visit.page.evaluate("document.activeElement.getAttribute('href')")
    assert focused == "#main"


@SQLITE
def test_the_printed_policy_is_a_document(visit: Visit) -> None:
    visit.open("/policy/")
    visit.page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", "header form", ".skip"):
        for element in visit.page.query_selector_all(hidden):
            assert not element.is_visible(), hidden
    assert visit.page.locator("#c3\\.3\\.1 p").first.is_visible()
    colours = visit.page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('#c2\\\\.1 p'));"
        " return s.color })()"
    )
    assert colours in {"rgb(0, 0, 0)", "oklch(0 0 0)"}


@pytest.mark.clause("9.3")
def test_the_real_document_is_read_in_a_browser(app: Flask, visit: Visit) -> None:
    runner = app.test_cli_runner()
    imported = ["policy", "import", str(real_document()), "--kind", "editorial"]
    published = ["policy", "publish", "2022-08-04", "--backdate", "in force on paper"]
    assert [runner.invoke(args=args).exit_code for args in (imported, published)] == [0, 0]

    visit.open("/policy/2022-08-04/")
    page = visit.page
    numbers = [
        (anchor.get_attribute("id") or "").removeprefix("c")
        for anchor in page.query_selector_all("[id^='c'][id*='.']")
    ]
    assert len(numbers) == 68
    expect(page.locator("#c1\\.1\\.1")).to_contain_text("Neupustinet")
    for number in numbers:
        answer = page.request.get(f"{visit.home}/policy/2022-08-04/{number}")
        assert answer.status == 200, number

    visit.open("/policy/compare/2022-08-04/2026-11-01/")
    expect(page.locator("#c8\\.2")).to_contain_text("30")
    assert visit.complaints == []

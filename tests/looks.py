"""What a page looks like: no wider than the screen, and nothing that axe complains of."""

from collections.abc import Iterable, Mapping
from itertools import product

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDTHS, SCHEMES = (320, 1280), ("light", "dark")
Look = tuple[int, str]
"""Width in pixels, and colour scheme."""
LOOKS: tuple[Look, ...] = tuple(product(WIDTHS, SCHEMES))
LIGHT = LOOKS[::2]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": STANDARDS, "resultTypes": ["violations"]}
"""All that is right would be listed too: on a long page, three quarters of the time."""
WORDS = {**OPTIONS, "rules": {"color-contrast": {"enabled": False}}}
"""What a translation can break. Contrast is most of the time that a long page takes."""
RUN = """async options => (await axe.run(options)).violations.map(
    ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(node => node.html.slice(0, 120))}`)"""

KIND = """[document.documentElement.lang, document.title,
    document.querySelectorAll(".problem, .notice").length,
    document.querySelectorAll("form[action$='/account/logout']").length]"""
AUDITED: set[tuple[object, Look]] = set()
RENDERED = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""
"""`autofocus` moves the focus when a page is drawn, which may be after it is loaded."""


def violations(page: Page, options: Mapping[str, object] = OPTIONS) -> list[str]:
    """Return what axe finds on a page as it is shown now, and where."""
    page.wait_for_load_state()
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(RUN, options)
    return found


def rendered(page: Page) -> None:
    """Wait until a page is loaded and drawn, and what wants the focus has it."""
    page.wait_for_load_state()
    page.evaluate(RENDERED)


def look(page: Page, width: int, scheme: str) -> None:
    """Show a page at `width` and in a colour scheme."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


def fits(page: Page) -> None:
    """Check that nothing of a page is wider than the screen."""
    assert page.viewport_size
    page.wait_for_load_state()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{page.url}: {width} pixels"


def audit_once(page: Page, looks: Iterable[Look]) -> None:
    """Audit a page in each of `looks` in which none of its kind was audited in this run.

    Of one kind are pages of one language and title, with as many messages, where either
    somebody or nobody is signed in. A click returns when the next page has begun, where
    there may be no element yet.
    """
    page.wait_for_load_state()
    kind = tuple(page.evaluate(KIND))
    left = [one for one in looks if (kind, one) not in AUDITED]
    audit(page, left)
    AUDITED.update((kind, one) for one in left)


def audit(
    page: Page, looks: Iterable[Look] = LOOKS, options: Mapping[str, object] = OPTIONS
) -> None:
    """Check a page with a script in each of `looks`."""
    for width, scheme in looks:
        look(page, width, scheme)
        fits(page)
        assert violations(page, options) == [], (page.url, width, scheme)

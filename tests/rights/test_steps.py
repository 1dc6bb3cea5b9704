"""Every right is at most three steps from home: links followed, then a button (6.1)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from tests.accounts.test_consents import registered
from tests.conftest import SQLITE

pytestmark = SQLITE
STEPS = 3
LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#?]*)')
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
ACTION = re.compile(r'\baction="([^"]*)"')
ABOUT = re.compile(r"/(?:(?:kk|en)/)?(?:$|rights|account|cookies|newsletter|policy/dis)")
"""Where somebody with a right in mind looks."""
GUEST = {
    "see and download": ("/rights/", 'value="access"'),
    "correct": ("/rights/", 'value="correct"'),
    "block": ("/rights/", 'value="block"'),
    "withdraw the consent to cookies": ("/cookies/", 'value="reject"'),
    "end the news": ("/newsletter/", ""),
    "disagree": ("/policy/disagree/", ""),
}
"""A right -> where its form is sent to, and what is in it."""
ACCOUNT = {
    "see and download": ("/account/data/export", ""),
    "correct": ("/account/data/correct", ""),
    "correct at once": ("/account/profile", ""),
    "block": ("/account/data/block", ""),
    "shut the account that was broken into": ("/rights/emergency", ""),
    "withdraw a consent": ("/account/consents", ""),
    "withdraw the consent to cookies": ("/cookies/", 'value="reject"'),
    "disagree": ("/policy/disagree/", ""),
}


def pages(browser: FlaskClient, home: str) -> Iterator[tuple[int, str]]:
    """Yield each page that links lead to from home, and how many were followed."""
    known, waiting = {home}, [home]
    for followed in range(STEPS):
        found = [browser.get(path, follow_redirects=True).text for path in waiting]
        yield from ((followed, page) for page in found)
        linked = {path for page in found for path in LINK.findall(page)}
        waiting = sorted(path for path in linked - known if ABOUT.match(path))
        known |= linked


def steps(browser: FlaskClient, home: str) -> dict[tuple[str, str], int]:
    """Return where each form is sent to and what it says -> the steps to press it."""
    found: dict[tuple[str, str], int] = {}
    for followed, page in pages(browser, home):
        for form in FORM.findall(page):
            [action] = ACTION.findall(form)[:1] or [""]
            found.setdefault((action, form), followed + 1)
    return found


def fewest(found: dict[tuple[str, str], int], action: str, says: str) -> int:
    """Return the steps to a form that is sent to `action` and says `says`."""
    of_right = (n for (to, form), n in found.items() if to == action and says in form)
    return min(of_right, default=STEPS + 1)


@pytest.mark.clause("6.1")
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("rights", [GUEST, ACCOUNT], ids=["guest", "account"])
def test_every_right_is_at_most_three_steps_from_home(
    app: Flask, language: Language, rights: dict[str, tuple[str, str]]
) -> None:
    browser = registered(app) if rights is ACCOUNT else app.test_client()
    found = steps(browser, f"{language.prefix}/")
    needed = {
        right: fewest(found, language.prefix + action, says)
        for right, (action, says) in rights.items()
    }
    assert {right: n for right, n in needed.items() if n > STEPS} == {}

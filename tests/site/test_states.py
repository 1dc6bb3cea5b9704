"""What is current, pressed or chosen is told by a shape, also in forced colours."""

import pytest
from playwright.sync_api import ViewportSize

from tests.conftest import SQLITE
from tests.kinds import Kinds

PLAIN = """() => {
  const marks = [['[aria-current]', one => one.removeAttribute('aria-current')],
    ['[aria-pressed=true]', one => one.removeAttribute('aria-pressed')],
    ['.tag.on', one => one.classList.remove('on')],
    ['.button:not(.quiet, .danger)', one => one.classList.add('quiet')],
    ['.built', one => one.classList.remove('built')]];
  const look = (one, part) => {
    const style = getComputedStyle(one, part);
    return ['borderTopWidth', 'borderBottomWidth', 'borderLeftWidth', 'borderTopColor',
      'backgroundColor', 'boxShadow', 'textDecorationLine', 'outlineStyle']
      .map(name => style[name]).join();
  };
  return marks.flatMap(([selector, unmark]) => [...document.querySelectorAll(selector)]
    .filter(one => one.checkVisibility()).filter(one => {
      const twin = one.cloneNode(true);
      unmark(twin);
      one.after(twin);
      const same = [null, '::before'].every(part => look(one, part) === look(twin, part));
      twin.remove();
      return same;
    }).map(one => `${selector}: ${one.outerHTML.slice(0, 90)}`));
}"""
UNSEEN = """() => [...document.querySelectorAll(
  '.button, .tag, .chips a, .cookies, input:not([type=checkbox], [type=radio])')]
  .filter(one => one.checkVisibility() && !one.matches('[type=hidden]'))
  .filter(one => getComputedStyle(one).borderBottomStyle === 'none')
  .map(one => one.outerHTML.slice(0, 90))"""
ROWS = """() => {
  const all = [...document.querySelectorAll('header.top .page:first-of-type > *')]
    .map(one => one.getBoundingClientRect()).filter(box => box.width > 1);
  return { rows: new Set(all.map(box => Math.round(box.top + box.height / 2) >> 4)).size,
    height: document.querySelector('header.top .page').getBoundingClientRect().height };
}"""


@pytest.mark.slow
@SQLITE
@pytest.mark.parametrize("forced", ["none", "active"])
def test_a_state_is_told_by_a_shape(kinds: Kinds, forced: str) -> None:
    faults = {}
    for page in kinds.pages(forced_colors=forced):
        found = [
            *page.evaluate(PLAIN),
            *(page.evaluate(UNSEEN) if forced == "active" else []),
        ]
        if found:
            faults[page.url.removeprefix(kinds.home)] = found
    assert faults == {}


@SQLITE
@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_the_header_of_a_phone_has_two_rows(kinds: Kinds, prefix: str) -> None:
    page = kinds.tab(viewport=ViewportSize(width=360, height=740))
    for path in ("/policy/", "/cart/"):
        page.goto(kinds.home + prefix + path)
        header = page.evaluate(ROWS)
        assert header["rows"] == 2
        assert header["height"] <= 120

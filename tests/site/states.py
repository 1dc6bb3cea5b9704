"""What is current, pressed or chosen is told by a shape, also in forced colours."""

from playwright.sync_api import Page

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


def shapeless(page: Page) -> list[object]:
    """Return what is told by colour alone, or is not seen in forced colours."""
    found = [*page.evaluate(PLAIN)]
    page.emulate_media(forced_colors="active")
    found += [*page.evaluate(PLAIN), *page.evaluate(UNSEEN)]
    page.emulate_media(forced_colors="none")
    return found

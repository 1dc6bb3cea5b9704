"""What is pressed is large enough, or has room around it (WCAG 2.2, 2.5.8)."""

from playwright.sync_api import Page, ViewportSize

WIDTHS = (320, 360, 1366)
SMALL = """() => {
  const all = [...document.querySelectorAll('a[href], button, summary, select, textarea, '
    + 'input:not([type=hidden])')]
    .filter(one => one.checkVisibility() && !one.closest('.skip, .visually-hidden'));
  const words = node => [...node.childNodes].map(one => one.nodeType === 3 ? one.textContent
    : all.includes(one) || !one.childNodes.length ? '' : words(one)).join('');
  const inline = one => getComputedStyle(one).display === 'inline';
  const lone = one => {  // one in a sentence is as high as its line, which 2.5.8 permits
    let block = one.parentElement;
    while (inline(block)) block = block.parentElement;
    return !inline(one) || !/\\p{L}/u.test(words(block));
  };
  const boxes = all.map(one => {
    const label = one.matches('[type=checkbox], [type=radio]') && one.closest('label');
    const r = (label || one).getBoundingClientRect();
    return { one, x: r.x + r.width / 2, y: r.y + r.height / 2, w: r.width, h: r.height };
  }).filter(b => b.w > 1 && b.h > 1);
  const near = (a, b) => {  // a circle of 24 px around the small one meets the other
    if (b.w >= 24 && b.h >= 24) {
      const dx = Math.max(Math.abs(a.x - b.x) - b.w / 2, 0);
      const dy = Math.max(Math.abs(a.y - b.y) - b.h / 2, 0);
      return Math.hypot(dx, dy) < 12;
    }
    return Math.hypot(a.x - b.x, a.y - b.y) < 24;
  };
  return boxes.filter(a => (a.w < 23.9 || a.h < 23.9) && lone(a.one)
    && boxes.some(b => !a.one.contains(b.one) && !b.one.contains(a.one) && near(a, b)))
    .map(a => `${a.one.outerHTML.slice(0, 90)} ${Math.round(a.w)}x${Math.round(a.h)}`);
}"""


def small(page: Page) -> list[object]:
    """Return what is too small to press, at each width; the last of them stays."""
    found: list[object] = []
    for width in WIDTHS:
        page.set_viewport_size(ViewportSize(width=width, height=800))
        found += [f"at {width}: {target}" for target in page.evaluate(SMALL)]
    return found

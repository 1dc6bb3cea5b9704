"""A hint says its reason in words; no page shows what only a program reads."""

from playwright.sync_api import Page

BARE = """() => [...document.querySelectorAll('.hint')].filter(hint => {
  const links = [...hint.querySelectorAll('a')].map(one => one.textContent).join('');
  return links && hint.textContent.replace(/[\\s()]/g, '') === links.replace(/\\s/g, '');
}).map(hint => hint.id)"""
EXPRESSIONS = """() => {
  const texts = [...document.querySelectorAll('[title], [pattern]')]
    .map(one => one.getAttribute('pattern') || one.title);
  const code = /\\[[a-z0-9]-[a-z0-9]|\\\\[dws][+*{]|%\\(\\w+\\)s/gi;
  return [...texts, document.body.innerText].flatMap(text => text.match(code) ?? []);
}"""
FRACTIONS = """() => [...document.querySelectorAll('time[datetime]')]
  .map(one => one.dateTime).filter(text => /\\.\\d/.test(text))"""


def wordless(page: Page) -> list[object]:
    """Return hints without words, and expressions and fractions that are shown."""
    codes = (BARE, EXPRESSIONS, FRACTIONS)
    return [fault for code in codes for fault in page.evaluate(code)]

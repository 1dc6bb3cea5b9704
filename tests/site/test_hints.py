"""A hint says its reason in words; no page shows what only a program reads."""

import pytest

from tests.conftest import SQLITE
from tests.kinds import Kinds

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


@pytest.mark.slow
@SQLITE
def test_hints_have_words_and_expressions_are_not_shown(kinds: Kinds) -> None:
    faults = {}
    for page in kinds.pages():
        found = [
            fault
            for code in (BARE, EXPRESSIONS, FRACTIONS)
            for fault in page.evaluate(code)
        ]
        if found:
            faults[page.url.removeprefix(kinds.home)] = found
    assert faults == {}

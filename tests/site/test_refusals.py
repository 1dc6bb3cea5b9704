"""A form with a mistake says so first: in the title, and where the focus is."""

import pytest

from tests.conftest import SQLITE
from tests.kinds import Kinds

STATE = """() => {
  const box = document.activeElement, alert = box.querySelector(':scope > [role=alert]');
  const headings = [...document.querySelectorAll('main :is(h1, h2, h3)')];
  return {
    title: document.title,
    focused: box.matches('main .problem') && !box.hasAttribute('role'),
    first: headings.slice(0, 2).includes(alert?.querySelector('h2')),
    headings: document.querySelectorAll('h1').length,
    keeping: document.querySelectorAll('form[method=post]:not([action])').length,
  };
}"""


@pytest.mark.slow
@SQLITE
def test_a_refused_form_says_so_first(kinds: Kinds) -> None:
    faults, count = {}, 0
    for page in kinds.refused():
        state = page.evaluate(STATE)
        count += 1
        if not (
            state["title"].startswith("Ошибка: ")
            and (state["focused"], state["first"]) == (True, True)
            and (state["headings"], state["keeping"]) == (1, 0)
        ):
            faults[page.url.removeprefix(kinds.home)] = state
    assert faults == {}
    assert count >= 20

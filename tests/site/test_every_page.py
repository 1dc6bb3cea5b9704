"""What holds on every kind of page: each is opened once in each language."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.kinds import Kinds
from tests.site import hints, outline, states, targets

Rule = Callable[[Page], list[object]]
RULES: tuple[Rule, ...] = (
    *(outline.gaps, outline.other_names, hints.wordless),
    *(states.shapeless, targets.small),
)
OF_WORDS: tuple[Rule, ...] = (outline.other_names,)
"""The rules that a translation alone can break."""


@pytest.mark.slow
@SQLITE
@pytest.mark.parametrize("language", Language)
def test_every_page_keeps_the_rules(kinds: Kinds, language: Language) -> None:
    kinds.language = language
    faults = {
        (page.url.removeprefix(kinds.home), rule.__name__): found
        for page in kinds.pages()
        for rule in (RULES if language is Language.RU else OF_WORDS)
        if (found := rule(page))
    }
    assert faults == {}

"""Counts in templates are formatted as the language of the page writes numbers."""

import pytest
from flask import Flask, render_template_string

from neupusti.core.text.languages import Language, force_language

COUNTED = (
    '{{ ngettext("%(num)s stone: %(of)s", "%(num)s stones: %(of)s", number, of="jade") }}'
)


@pytest.mark.parametrize(
    ("language", "number", "shown"),
    [
        (Language.EN, 1, "1 stone: jade"),
        (Language.EN, 1234, "1,234 stones: jade"),
        (Language.RU, 1234, "1\N{NO-BREAK SPACE}234 stones: jade"),
        (Language.KK, 1234, "1\N{NO-BREAK SPACE}234 stones: jade"),
    ],
)
def test_a_count_is_formatted(
    app: Flask, language: Language, number: int, shown: str
) -> None:
    with app.test_request_context(), force_language(language):
        assert render_template_string(COUNTED, number=number) == shown

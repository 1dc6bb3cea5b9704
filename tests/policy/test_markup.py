import pytest
from flask import Flask

from neupusti.policy.service.document import Clause
from neupusti.policy.service.parser import parse
from neupusti.policy.views.markup import definition_or_text, inline
from tests.policy.documents import SMALL

DOCUMENT = parse(SMALL)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("просто <слова> & «кавычки»", "просто &lt;слова&gt; &amp; «кавычки»"),
        ("сайт **Neupusti.kz**, да", "сайт <strong>Neupusti.kz</strong>, да"),
        ("одна ** звезда", "одна ** звезда"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>"),
        ("по п. 2.1.", 'по п. <a href="#c2.1">2.1</a>.'),
        ("в п.п. 2.1. и 2.2", 'в п.п. <a href="#c2.1">2.1</a>. и <a href="#c2.2">2.2</a>'),
        ("пункта 8.8 нет, 04.08.2022", "пункта 8.8 нет, 04.08.2022"),
        ("версия 2.1.7", "версия 2.1.7"),
    ],
)
def test_text_becomes_markup_and_nothing_else(text: str, html: str) -> None:
    assert inline(text, DOCUMENT) == html


def test_an_address_of_this_site_is_linked_where_it_answers(app: Flask) -> None:
    text = "на https://neupusti.kz/policy/history/. И на https://neupusti.kz/rights/none/."
    with app.test_request_context("/kk/policy/"):
        html = inline(text, DOCUMENT)
    assert html == (
        'на <a href="/policy/history/">https://neupusti.kz/policy/history/</a>. '
        "И на https://neupusti.kz/rights/none/."
    )


def test_a_term_is_linked_where_a_clause_first_uses_it() -> None:
    html = inline("Пользователя и Пользователю", DOCUMENT, "2.1")
    assert html == '<a class="term" href="#c1.1.1">Пользователя</a> и Пользователю'


def test_a_word_that_only_looks_like_a_term_is_left_alone() -> None:
    assert inline("любой пользователь сети", DOCUMENT) == "любой пользователь сети"


def test_a_clause_does_not_link_to_itself() -> None:
    assert inline("см. 2.1", DOCUMENT, "2.1") == "см. 2.1"


@pytest.mark.clause("1.1")
def test_a_defined_term_stands_in_dfn() -> None:
    html = definition_or_text(DOCUMENT.clauses["1.1.1"], DOCUMENT)
    assert html.startswith("<dfn>«Пользователь сайта»</dfn> (далее — Пользователь) — тот")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("«**Сайт**» это", "«Сайт»"),
        ("«Пользователь сайта «**Neupusti.kz**» (далее Пользователь) лицо", None),
        ("“Cookies” — notes", "“Cookies”"),
    ],
)
def test_quotes_of_any_make_are_read(text: str, quoted: str | None) -> None:
    document = parse(f"Имя\n1. Термины\n1.1. Слова:\n1.1.1. {text}\n")
    html = str(definition_or_text(document.clauses["1.1.1"], document))
    assert html.startswith("<dfn>")
    assert quoted is None or html.startswith(f"<dfn>{quoted}</dfn>")


def test_a_clause_without_a_term_is_plain() -> None:
    assert definition_or_text(Clause("2.1", "Слова", 1), DOCUMENT) == "Слова"

import pytest

from neupusti.policy.service.lint import lint
from tests.policy.documents import real_document


@pytest.mark.clause("7.5")
def test_the_real_document_shows_its_known_slips() -> None:
    findings = lint(real_document().read_text())
    words = {finding.word: finding.message for finding in findings}

    assert words["TOO"] == "Latin letters that stand for «ТОО»"
    mixed = [f for f in findings if "one word" in f.message]
    assert [(f.line, f.word) for f in mixed] == [(97, "пеириsti.kz")]
    hosts = {f.word for f in findings if "spellings of the host" in f.message}
    assert hosts == {"Neupusti.kz", "https://Neupusti.kz/", "neupusti.kz", "пеириsti.kz"}


@pytest.mark.clause("7.5")
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("сайт nеupusti.kz", "nеupusti.kz"),  # its second letter is Cyrillic
        ("Aдминистрация", "Aдминистрация"),  # its first letter is Latin
        ("TOO «Лавка»", "TOO"),
        ("закон PK", "PK"),
        ("слово РОСТ, потом POCT", "POCT"),
    ],
)
def test_a_look_alike_letter_is_found(text: str, word: str) -> None:
    assert [finding.word for finding in lint(text)] == [word]


@pytest.mark.parametrize(
    "text",
    [
        "HTTP-запрос и IP-адрес, e-mail, cookies, URL",
        "neupusti.kz и https://neupusti.kz/policy/",
        "ТОО «Neupusti.net»",
        "Іле, Өскемен, Ұлытау",
        "",
    ],
)
def test_honest_latin_words_pass(text: str) -> None:
    assert lint(text) == []


def test_two_spellings_of_the_host_are_each_shown_where_they_first_stand() -> None:
    findings = lint("neupusti.kz\nNeupusti.kz\nneupusti.kz")
    assert [(f.line, f.word) for f in findings] == [(1, "neupusti.kz"), (2, "Neupusti.kz")]
    assert findings[0].message == "one of 2 spellings of the host, 2 times"

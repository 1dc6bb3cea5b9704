"""The words people read: the glossary, case endings, typography and formatted counts."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from neupusti.config.values import ROOT
from tests.contracts.sources import TEMPLATES

LANGUAGES = ("kk", "ru", "en")
GLOSSARY = ROOT / "docs" / "glossary.md"
HEADING = "| kk | ru | en | never |\n"

Rules = tuple[tuple[str, tuple[str, ...]], ...]
"""What may not be said, each with the phrases in which it may."""

ENDING = re.compile(
    r"%\(\w+\)[ds][-‐‑'’]?(?:"
    r"[дт][аеыі]н?|н[аеыі]н?|[гқкғ][ае]|[дтн]ың|[дтн]ің|[мбп]ен|нда|нде|сы|сі|лар|лер"
    r")(?!\w)"
)
"""A Kazakh case ending; a noun after a hyphen is none: «%(number)s-тармақ»."""
TYPOGRAPHY = {
    "a straight quote": re.compile(r'"'),
    "a straight single quote": re.compile(r"(?<!\w)'(?=\w)"),
    "a hyphen for a dash": re.compile(r"(?<=[\w.,)»”])\s+--?\s+(?=[\w«“(])"),
}
FOREIGN_QUOTES = {"kk": "“”„", "ru": "“”„", "en": "«»„"}
COUNT = re.compile(r"%\(\w+\)d")
AMOUNTS = frozenset({"all", "count", "left", "most", "shown"})


@cache
def table() -> tuple[tuple[str, ...], ...]:
    """Return the rows of the glossary's table of words."""
    rows = GLOSSARY.read_text().partition(HEADING)[2].partition("\n\n")[0].splitlines()
    return tuple(
        tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows[1:]
    )


def rules(cells: Iterator[str]) -> dict[str, Rules]:
    """Return the rules of each language: `kk: word (but phrase, phrase), word; ru: …`."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {one: [] for one in LANGUAGES}
    for cell in cells:
        for part in filter(None, cell.split("; ")):
            language, _, words = part.partition(": ")
            for word in re.findall(r"[^,(]+(?:\([^)]*\))?", words):
                stem, _, phrases = word.strip(" )").partition(" (but ")
                allowed = tuple(p for p in phrases.split(", ") if p)
                found[language].append((stem, allowed))
    return {language: tuple(each) for language, each in found.items()}


@cache
def of_glossary() -> dict[str, Rules]:
    return rules(row[-1] for row in table())


def forbidden(text: str, said: Rules) -> list[str]:
    """Return what of `said` begins a word of `text`; a placeholder is read as `%`."""
    plain = re.sub(r"%\(\w+\)[ds]", "%", text)
    return [
        stem
        for stem, allowed in said
        for match in re.finditer(rf"(?<![\w‑-]){re.escape(stem)}", plain, re.IGNORECASE)
        if not any(
            phrase.lower() in plain[max(0, match.start() - 20) : match.end() + 20].lower()
            for phrase in allowed
        )
    ]


def typography(text: str, language: str) -> list[str]:
    """Return what is wrong with quotes and dashes."""
    wrong = [name for name, pattern in TYPOGRAPHY.items() if pattern.search(text)]
    return wrong + [mark for mark in FOREIGN_QUOTES[language] if mark in text]


@cache
def texts(language: str) -> tuple[str, ...]:
    """Return every text of the interface and of the ledger in a language."""
    of = "ru" if language == "en" else language
    path = ROOT / "translations" / of / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        whole = [message for message in read_po(file) if message.id]
    sides = [message.id if language == "en" else message.string for message in whole]
    read = [
        text
        for side in sides
        for text in ((side,) if isinstance(side, str) else side or ())
    ]
    ledger = tomllib.loads((ROOT / "neupusti/policy/ledger.toml").read_text())
    return (*read, *(clause[language] for clause in ledger["clause"]))


def unformatted(source: str) -> Iterator[str]:
    """Yield the counts that a template shows without the formatter of numbers."""

    def length(node: nodes.Node) -> bool:
        return isinstance(node, nodes.Filter) and node.name == "length"

    tree = Environment(autoescape=True).parse(source)
    for output in tree.find_all(nodes.Output):
        yield from (f"line {node.lineno}" for node in output.nodes if length(node))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "ngettext"}:
            for given in call.kwargs:
                bare = isinstance(given.value, nodes.Name | nodes.Getattr | nodes.Const)
                if length(given.value) or (given.key in AMOUNTS and bare):
                    yield f"line {given.lineno}: {given.key}"


EACH = pytest.mark.parametrize("language", LANGUAGES)


@EACH
def test_no_text_says_what_the_glossary_forbids(language: str) -> None:
    said = of_glossary()[language]
    assert said
    wrong = {text: found for text in texts(language) if (found := forbidden(text, said))}
    assert wrong == {}


@EACH
def test_the_glossary_obeys_itself(language: str) -> None:
    column = LANGUAGES.index(language)
    assert all(len(row) == len(LANGUAGES) + 1 for row in table())
    assert all(row[column] for row in table())
    said = of_glossary()[language]
    assert [row[column] for row in table() if forbidden(row[column], said)] == []


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("ru", "Сайт ставит только необходимые cookies.", ["cookies"]),
        ("ru", "Снимите им картинку", ["картинк"]),
        ("ru", "Человек № %(number)s", ["человек №"]),
        ("ru", "Учётная запись закрыта", ["учётная запись закры"]),
        ("kk", "№ %(number)s адам", ["№ % адам"]),
        ("kk", "Есептік жазба жабылды", ["жазба жаб"]),
        ("kk", "IP мекенжай", ["IP мекенжай"]),
        ("kk", "Растамаңыз", ["растамаңыз"]),
        ("kk", "15 күнтізбелік күн", ["күнтізбелік күн"]),
        ("en", "A letter is on its way", ["letter"]),
        ("en", "Open it anew.", ["anew"]),
        ("en", "Destroy the picture", ["destroy the picture", "picture"]),
        ("en", "Use Latin letters.", []),
        ("en", "a profile picture", []),
        ("kk", "пішім, формат", []),
    ],
)
def test_a_forbidden_word_is_found(language: str, text: str, found: list[str]) -> None:
    assert forbidden(text, of_glossary()[language]) == found


def test_rules_are_read() -> None:
    read = rules(iter(["", "kk: а б, в; en: letter (but in letters, two letters), mail"]))
    assert read["kk"] == (("а б", ()), ("в", ()))
    assert read["en"] == (("letter", ("in letters", "two letters")), ("mail", ()))
    assert read["ru"] == ()


def test_no_case_ending_hangs_on_a_placeholder() -> None:
    assert [text for text in texts("kk") if ENDING.search(text)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Жол саны %(most)s-ден асады", True),
        ("%(most)sнан аспайды", True),
        ("%(name)s-ның беті", True),
        ("%(day)s‑ге дейін", True),
        ("%(number)s-тармақ", False),
        ("%(line)s-жолда бар", False),
        ("%(number)s сұраудан көп", False),
        ("%(status)s қатесі", False),
    ],
)
def test_an_ending_on_a_placeholder_is_found(text: str, *, wrong: bool) -> None:
    assert bool(ENDING.search(text)) is wrong


@EACH
def test_quotes_and_dashes_are_those_of_the_language(language: str) -> None:
    wrong = {
        text: found for text in texts(language) if (found := typography(text, language))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("ru", 'Команда "flask"', 1),
        ("en", "the cookie 'session'", 1),
        ("kk", "Бұл - тармақ", 1),
        ("ru", "файл “basket”", 2),
        ("en", "the cookie «session»", 2),
        ("en", "the operator's “session”, a two-step check — yes", 0),
        ("kk", "«session» — файл, 1–2 күн", 0),
    ],
)
def test_wrong_typography_is_found(language: str, text: str, count: int) -> None:
    assert len(typography(text, language)) == count


def test_counts_go_through_the_formatter() -> None:
    assert [text for text in texts("en") if COUNT.search(text)] == []
    files = (path for path in sorted(TEMPLATES.rglob("*")) if path.is_file())
    wrong = {path.name: list(unformatted(path.read_text())) for path in files}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("{{ rows | length }}", 1),
        ('{{ _("At most %(most)s", most=limit) }}', 1),
        ('{{ _("%(shown)s of them", shown=rows | length) }}', 1),
        ("{{ rows | length | numberformat }}", 0),
        ('{{ _("At most %(most)s", most=limit | numberformat) }}', 0),
        ('{{ _("Clause %(number)s", number=clause.number) }}', 0),
        ("{% if rows | length > 1 %}{% endif %}", 0),
    ],
)
def test_an_unformatted_count_is_found(source: str, count: int) -> None:
    assert len(list(unformatted(source))) == count

import ast
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from neupusti.config.values import ROOT
from neupusti.core.text.dates import in_words
from neupusti.core.text.languages import Language

FORMS = {"ru": 3, "kk": 2}
KEYWORDS = "lazy_gettext lazy_ngettext:1,2 lazy_pgettext:1c,2"
"""The same as in the Makefile."""
EACH = pytest.mark.parametrize("language", FORMS)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}")
MARKUP = re.compile(r"</?\w+")


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def messages(whole: Catalog) -> list[Message]:
    return [message for message in whole if message.id]


def written(message: Message | None) -> tuple[str, ...]:
    """Return the translations of a message, one a form of the plural."""
    strings = message.string if message else None
    return (strings,) if isinstance(strings, str) else tuple(strings or ())


def key(message: Message) -> tuple[str, str | None]:
    """Return what a message is looked up by."""
    return (message.id if isinstance(message.id, str) else message.id[0], message.context)


def parts(pattern: re.Pattern[str], text: str) -> list[str]:
    return sorted(pattern.findall(text))


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """Every message of the code and the templates, as `make messages` finds them."""
    pot = tmp_path_factory.mktemp("messages") / "messages.pot"
    mapping = ["--mapping-file", str(ROOT / "pyproject.toml"), "--keywords", KEYWORDS]
    babel = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"]
    subprocess.run([*babel, *mapping, "--output-file", str(pot), "."], cwd=ROOT, check=True)
    return messages(catalogue(pot))


@pytest.fixture(scope="module", params=FORMS)
def translated(request: pytest.FixtureRequest) -> Catalog:
    """The catalogue of one language, as it is in the tree."""
    folder = ROOT / "translations" / str(request.param) / "LC_MESSAGES"
    return catalogue(folder / "messages.po")


def test_gettext_is_imported_under_a_known_name() -> None:
    """Under another name a text would not be extracted, and stay English."""
    others = [
        f"{path.relative_to(ROOT)}: {name.name} as {name.asname}"
        for path in sorted((ROOT / "neupusti").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "flask_babel"
        for name in node.names
        if "gettext" in name.name and name.asname not in {None, "_"}
    ]
    assert others == []


def test_something_is_extracted(wanted: list[Message]) -> None:
    assert ("Privacy policy", None) in {key(message) for message in wanted}


def test_every_message_is_translated(wanted: list[Message], translated: Catalog) -> None:
    missing = [
        key(message)[0]
        for message in wanted
        if not (strings := written(translated.get(*key(message))))
        or not all(string.strip() for string in strings)
    ]
    assert missing == []


def test_no_translation_is_fuzzy(translated: Catalog) -> None:
    assert [key(message)[0] for message in translated if message.id and message.fuzzy] == []


def test_no_translation_is_obsolete(wanted: list[Message], translated: Catalog) -> None:
    asked = {key(message) for message in wanted}
    assert [m.id for m in messages(translated) if key(m) not in asked] == []
    assert not translated.obsolete


def test_placeholders_and_markup_are_those_of_the_message(translated: Catalog) -> None:
    for message in messages(translated):
        longest = message.id if isinstance(message.id, str) else message.id[-1]
        for string in written(message):
            if string:
                assert parts(PLACEHOLDER, string) == parts(PLACEHOLDER, longest), longest
                assert parts(MARKUP, string) == parts(MARKUP, longest), longest


def test_no_day_is_followed_by_a_second_full_stop(translated: Catalog) -> None:
    """The short word for a year ends a sentence in Russian itself."""
    language = Language(str(translated.locale)[:2])
    if in_words(date(2026, 11, 30), language).endswith("."):
        texts = [string for message in messages(translated) for string in written(message)]
        assert [text for text in texts if "%(day)s." in text] == []


def test_plurals_have_the_forms_of_their_language(translated: Catalog) -> None:
    language = str(translated.locale)[:2]
    assert translated.num_plurals == FORMS[language]
    for message in messages(translated):
        if message.pluralizable:
            strings = written(message)
            assert len(strings) == FORMS[language]
            # A Kazakh noun does not change after a numeral.
            assert language != "kk" or len(set(strings)) == 1, message.id


@EACH
def test_no_message_holds_a_sign_that_html_reads(language: str) -> None:
    """Templates write a message as it is: `<5` would begin an element."""
    whole = catalogue(ROOT / "translations" / language / "LC_MESSAGES" / "messages.po")
    texts = [
        text
        for message in messages(whole)
        for text in (*key(message)[:1], *written(message))
        if re.search(r"<(?!/?[a-z])|&(?!\w+;)", text)
    ]
    assert texts == []

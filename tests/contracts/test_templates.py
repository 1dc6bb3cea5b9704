import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes

from neupusti.config.values import ROOT
from neupusti.core.registry import registry
from neupusti.policy.service import ledger
from tests.conftest import SQLITE
from tests.contracts import sources
from tests.contracts.sources import PACKAGE, TEMPLATES
from tests.contracts.test_catalogues import catalogue, key, messages

PATHS = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
EACH = pytest.mark.parametrize(
    "path", PATHS, ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
LETTER = TEMPLATES / "layout" / "mail.html"
"""Mail programs load no style sheet, and no policy of ours stands around a letter."""
FORBIDDEN = {
    "an inline style": r"<[^>]*\sstyle\s*=|<style",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "a script without its integrity": r"<script(?![^>]*\sintegrity=)",
    "an inline handler": r"<[^>]*\son[a-z]+\s*=",
    "an address that runs code": r"javascript:|=[\"']?data:",
    "a thing of another host": r"<[^>]*\ssrc(?:set)?=[\"']?(?:https?:)?//",
    "a style of another host": r"<link(?=[^>]*style)[^>]*href=[\"']?(?:https?:)?//",
}
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b")
CALL = re.compile(r"""url_for\(\s*["']([\w.]+)["']""")
CLAUSE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}(?:\.\d{1,2})?(?![\d.])")
SECTION = re.compile(r"section \d")
NUMBERED = re.compile(r"#c[\d{]|#s\d")
TIME = re.compile(r"""<time[^>]*\sdatetime=["']?(\{\{.*?\}\}|[^\s"'>]*)""", re.DOTALL)
FILTERED = re.compile(r"\|\s*machine_readable\s*\}\}")
NUMBER = re.compile(r"<h[1-6][^\n]*number=(?:request_|order|one)\.(?:number|order)\b")
LINE_LENGTH = 160
RUSSIAN = ROOT / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
ASSET = re.compile(r"""(?:asset|integrity)\(\s*["']([^"']+)["']\s*\)""")


def violations(markup: str) -> list[str]:
    """Name what in `markup` violates the content security policy."""
    return [what for what, pattern in FORBIDDEN.items() if re.search(pattern, markup)]


@EACH
def test_a_template_has_no_inline_code_and_no_third_party(path: Path) -> None:
    source = path.read_text()
    allowed = ["an inline style"] if path == LETTER else []
    assert violations(JINJA.sub("", source)) == allowed
    assert not UNESCAPED.search(source)


@EACH
def test_the_number_of_an_order_or_a_request_is_whole_in_a_heading(path: Path) -> None:
    """A narrow screen would cut it at a hyphen: `whole` of `ui/text.html` keeps it."""
    assert not NUMBER.search(path.read_text())


@EACH
def test_a_time_is_written_by_the_one_filter(path: Path) -> None:
    """A moment's own `isoformat` has fractions of a second; a day's has none."""
    loose = [one for one in TIME.findall(path.read_text()) if not FILTERED.search(one)]
    assert loose == []


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<p style="color: red">', "an inline style"),
        ("<style>p {}</style>", "an inline style"),
        ("<script>1</script>", "an inline script"),
        ('<script src="/a.js"></script>', "a script without its integrity"),
        ('<a\nonclick = "x()">', "an inline handler"),
        ('<a href="javascript:x">', "an address that runs code"),
        ('<img src="data:x">', "an address that runs code"),
        ('<img alt="" src="//evil.example/">', "a thing of another host"),
        ('<link rel="stylesheet" href="https://evil.example">', "a style of another host"),
    ],
)
def test_violations_are_found(markup: str, found: str) -> None:
    assert found in violations(markup)


@EACH
def test_no_line_is_too_long(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), start=1)
    too_long = [number for number, line in lines if len(line) > LINE_LENGTH]
    assert too_long == []


@EACH
def test_a_clause_of_the_policy_is_cited_by_its_entry(path: Path) -> None:
    """An edition of the operator has other numbers; only its own pages know them."""
    if path.parent.name != "policy":
        assert not NUMBERED.search(path.read_text())


def test_no_text_numbers_a_clause_or_a_section_by_itself() -> None:
    texts = [str(key(message)[0]) for message in messages(catalogue(RUSSIAN))]
    texts += [one.sentences["en"] for one in ledger.entries().values()]
    assert [text for text in texts if CLAUSE.search(text) or SECTION.search(text)] == []


def titled(app: Flask, source: str) -> bool:
    """Return whether a page template fills the block `title`."""
    tree = app.jinja_env.parse(source)
    blocks = (block for block in tree.find_all(nodes.Block) if block.name == "title")
    parts = [part for block in blocks for part in block.find_all(nodes.Output)]
    return any(
        not isinstance(node, nodes.TemplateData) or bool(node.data.strip())
        for part in parts
        for node in part.nodes
    )


@SQLITE
def test_every_page_has_a_title_of_its_own(app: Flask) -> None:
    pages = [p for p in PATHS if "{% extends" in p.read_text() and p.name != "base.html"]
    assert len(pages) >= 7
    assert [sources.name(p) for p in pages if not titled(app, p.read_text())] == []
    assert not titled(app, "{% block title %} {% endblock %}")


@SQLITE
def test_every_endpoint_in_url_for_exists(app: Flask) -> None:
    for path in [*PATHS, *PACKAGE.rglob("*.py")]:
        for endpoint in CALL.findall(path.read_text()):
            assert endpoint in app.view_functions, f"{sources.name(path)}: {endpoint}"


@SQLITE
def test_every_asset_in_templates_exists(app: Flask) -> None:
    assets = app.extensions["neupusti.assets"].by_name
    for path in PATHS:
        for name in ASSET.findall(path.read_text()):
            assert name in assets, f"{sources.name(path)}: {name}"


@SQLITE
@pytest.mark.slow
def test_every_rendered_public_page_is_valid(app: Flask, client: FlaskClient) -> None:
    """Includes the output of filters and macros; titles are unique."""
    titles: dict[str, str] = {}
    with app.test_request_context():
        addresses = [app.url_for(end, **values) for end, values in registry().addresses()]
    for address in addresses:
        page = client.get(address).text
        assert violations(page) == [], address
        title = re.search(r"<title>\s*(\S.*?) — Neupusti</title>", page, re.DOTALL)
        assert title, address
        other = titles.setdefault(title[1], address)
        assert other == address, f"{title[1]}: {other} and {address}"
        assert len(re.findall(r"<h1[ >]", page)) == 1, address

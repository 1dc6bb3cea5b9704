"""The pages of an export: HTML that needs neither network nor script."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from itertools import islice
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import Column

from neupusti.core.text.languages import current
from neupusti.rights.service import labels
from neupusti.rights.service.reading import ShownRow

PAGE_ROWS = 500
STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 75rem; }
body { padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid; padding: .25rem .5rem; text-align: start; vertical-align: top; }
td { max-width: 30rem; overflow-wrap: break-word; white-space: pre-line; }
"""
HEAD = """\
<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="{style}"></head>
<body>
"""
INDEX, MEDIA = "index.html", "text/html"


def page(title: str, body: Iterable[str], up: str | None = None) -> Iterator[bytes]:
    """Yield one page; `up` is the way to the folder of the first page; None: it is that."""
    head = HEAD.format(
        lang=current().tag, title=escape(title), style=f"{up or ''}style.css"
    )
    yield head.encode()
    if up is not None:
        yield f'<p><a href="{up}{INDEX}">{escape(gettext("Contents"))}</a></p>\n'.encode()
    yield f"<h1>{escape(title)}</h1>\n".encode()
    yield from (part.encode() for part in body)
    yield b"</body></html>\n"


def table_pages(
    name: str, columns: list[Column[Any]], rows: Iterator[ShownRow]
) -> Iterator[Iterator[bytes]]:
    """Yield the pages of one table, at most `PAGE_ROWS` rows each."""
    heads = [str(labels.label(column) or column.name) for column in columns]
    readers = [(column.name, labels.reader(column)) for column in columns]
    while some := list(islice(rows, PAGE_ROWS)):
        body = (f"<tr>{_cells(readers, row.values)}</tr>\n" for row in some)
        yield page(name, _table(heads, body), "../")


def listed(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a table of texts; a cell may hold markup of ours."""
    body = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return _table(heads, (f"<tr>{cells}</tr>\n" for cells in body))


def count(rows: int) -> str:
    """Return how many entries there are, in words."""
    return str(ngettext("%(num)s entry", "%(num)s entries", rows))


def _table(heads: Iterable[str], rows: Iterable[str]) -> Iterator[str]:
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield f"<table><thead><tr>{cells}</tr></thead><tbody>\n"
    yield from rows
    yield "</tbody></table>\n"


def _cells(
    readers: list[tuple[str, Callable[[Any], str]]], values: Mapping[str, Any]
) -> str:
    texts = [
        read(values[name]) if name in values else labels.ANOTHERS for name, read in readers
    ]
    return f"<td>{'</td><td>'.join(map(escape, texts))}</td>"

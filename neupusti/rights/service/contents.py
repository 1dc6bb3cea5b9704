"""The first page of an export, what is not in it and why, and a note to open it by."""

from collections.abc import Iterable, Iterator
from html import escape

from flask_babel import force_locale, gettext

from neupusti.core.text.languages import Language, force_language
from neupusti.rights.service import pages, recipients, sections, terms
from neupusti.rights.service.building import Builder, Part
from neupusti.rights.service.manifest import Entry

KEPT = "kept.html"
LISTED = ("recipients.csv", "history.csv", "files/", "words/", "receipts/")
"""Files and folders that the first page leads to, besides the tables."""


def index(title: str, builder: Builder, *, complete: bool) -> Iterator[bytes]:
    """Yield the first page: every table, and what its rows may be used for."""
    heads = map(gettext, ("What", "Clause", "Purpose", "How long", "Recipients"))
    rows = ([*_described(part, builder.recipients)] for part in builder.parts)
    body = [] if complete else [_paragraph(_incomplete())]
    body += pages.listed(heads, rows)
    body += (_files(folder, builder.out.entries) for folder in LISTED)
    body.append(
        f'<p><a href="{KEPT}">{escape(gettext("What is not here, and why"))}</a></p>'
    )
    return pages.page(title, body)


def kept(builder: Builder, outside: Iterable[str]) -> Iterator[bytes]:
    """Yield the page of what is not in the archive, with the reason of each."""
    reasons = [
        gettext(
            "Passwords, codes and the keys of links: only hashes of them are kept, and "
            "whoever has those could act as you."
        ),
        gettext("Copies by which the site searches and sorts: they repeat what is here."),
        gettext(
            "Links in e-mails, and e-mails to an address not proved to be yours: they "
            "would tell whether somebody has an account with it."
        ),
        gettext("The log of requests: it is tied to nobody, so your rows cannot be found."),
        gettext(
            "Data about other people: where they stand beside yours, a cell shows “…”."
        ),
    ]
    body = [_list(reasons)]
    if missing := [*builder.missing, *outside]:
        body += [_paragraph(_incomplete()), _list(missing)]
    return pages.page(gettext("What is not here, and why"), body, "")


def read_me(language: Language) -> str:
    """Return the note in one language: what the folders hold."""
    with force_language(language), force_locale(language.locale):
        lines = (
            gettext("Open index.html: it needs no network."),
            gettext("html/ is to read, csv/ for spreadsheets, json/ for programs."),
            gettext("files/ holds what you uploaded, words/ what you agreed to."),
            gettext("manifest.json lists every file with its SHA-256."),
        )
        return "".join(f"{line}\r\n" for line in lines)


def _described(part: Part, handed: tuple[str, ...]) -> Iterator[str]:
    table = part.rows.table
    numbers = range(1, part.pages + 1)
    links = (f'<a href="html/{table.name}-{n}.html">{n}</a>' for n in numbers)
    yield f"{escape(part.name)}: {pages.count(part.exported)}<br>{' '.join(links)}"
    yield ", ".join(sections.clauses(table))
    yield ", ".join(sections.purposes(table))
    yield "<br>".join(map(escape, terms.sentences(table)))
    yield escape(", ".join(handed)) if table.name in recipients.HANDED_OVER else ""


def _files(folder: str, entries: Iterable[Entry]) -> str:
    paths = (one.path for one in entries if one.path.startswith(folder))
    links = "".join(f'<li><a href="{path}">{path}</a></li>\n' for path in paths)
    return f"<ul>{links}</ul>" if links else ""


def _incomplete() -> str:
    return str(
        gettext(
            "This archive is incomplete: some of what was found could not be put in. We "
            "know of it and will mend it."
        )
    )


def _list(texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>\n" for text in texts)
    return f"<ul>\n{items}</ul>\n"


def _paragraph(text: str) -> str:
    return f"<p><strong>{escape(text)}</strong></p>"

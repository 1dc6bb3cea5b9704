"""From the text of a clause to HTML: bold marks, definitions, cross-references, terms."""

import re
from collections.abc import Callable

from flask import request
from markupsafe import Markup, escape

from neupusti.policy.service import glossary
from neupusti.policy.service.document import Clause, Document
from neupusti.policy.views.blueprint import answers

OWN_ADDRESS = re.compile(r"https://neupusti\.kz((?:/[\w-]+)+/?)", re.IGNORECASE)
"""An address of this site in a policy's text (1.1.5); its root needs no link."""
BOLD = re.compile(r"\*\*(.+?)\*\*")
REFERENCE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?![\d.]*\d)")


def inline(text: str, document: Document, own: str = "", page: str = "") -> Markup:
    """Return `text` of clause `own` with links to the clauses and terms it names.

    A term is linked where a clause first uses it, and not inside its own definition.
    `page` is the address that holds the whole document, empty on that page itself.
    """
    bold = BOLD.split(text)
    linker = _Linker(document, own, page)
    # Odd places of the split are what stood between two bold marks.
    parts = [
        Markup("<strong>{}</strong>").format(linker(part)) if place % 2 else linker(part)
        for place, part in enumerate(bold)
    ]
    return Markup("").join(parts)


def marked(clause: Clause, document: Document, page: str = "") -> Markup:
    """Return the text of `clause`, its defined term (if it defines one) as `<dfn>`."""
    term = next((t for t in glossary.terms(document) if t.number == clause.number), None)
    text = clause.text
    if term is None:
        return inline(text, document, clause.number, page)
    plain = text.replace("**", "")
    definition = inline(plain.removeprefix(term.quoted), document, clause.number, page)
    return Markup("<dfn>{}</dfn>{}").format(term.quoted, definition)


class _Linker:
    """Escapes text and puts links in; remembers which terms it has linked."""

    def __init__(self, document: Document, own: str, page: str) -> None:
        self.document, self.page, self.done = document, page, {own}
        self.pattern, self.groups = glossary.pattern(document)

    def __call__(self, text: str) -> Markup:
        return self._each(OWN_ADDRESS, text, self._address, self._references)

    def _references(self, text: str) -> Markup:
        return self._each(REFERENCE, text, self._reference, self._terms)

    def _terms(self, text: str) -> Markup:
        if self.pattern is None:
            return escape(text)
        return self._each(self.pattern, text, self._term, escape)

    def _address(self, match: re.Match[str]) -> Markup:
        """Link an address where this site answers it, in the language of the page."""
        if not answers(match[1]):
            return escape(match[0])
        return Markup('<a href="{}">{}</a>').format(
            request.script_root + match[1], match[0]
        )

    def _reference(self, match: re.Match[str]) -> Markup:
        number = match[0]
        if number not in self.document.clauses or number in self.done:
            return escape(number)
        return Markup('<a href="{0}#c{1}">{1}</a>').format(self.page, number)

    def _term(self, match: re.Match[str]) -> Markup:
        number = self.groups[match.lastgroup or ""]
        if number in self.done:
            return escape(match[0])
        self.done.add(number)
        return Markup('<a class="term" href="{}#c{}">{}</a>').format(
            self.page, number, match[0]
        )

    @staticmethod
    def _each(
        pattern: re.Pattern[str],
        text: str,
        found: Callable[[re.Match[str]], Markup],
        between: Callable[[str], Markup],
    ) -> Markup:
        parts, at = [], 0
        for match in pattern.finditer(text):
            parts += [between(text[at : match.start()]), found(match)]
            at = match.end()
        return Markup("").join((*parts, between(text[at:])))

"""Render a clause as HTML: bold text, definitions, cross-references and terms."""

import re
from collections.abc import Callable

from flask import request
from markupsafe import Markup, escape

from neupusti.policy.service import glossary
from neupusti.policy.service.document import Clause, Document
from neupusti.policy.views.blueprint import has_page

OWN_ADDRESS = re.compile(r"https://neupusti\.kz((?:/[\w-]+)+/?)", re.IGNORECASE)
"""An address of this site in the policy text (1.1.5); the root is not linked."""
BOLD = re.compile(r"\*\*(.+?)\*\*")
REFERENCE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?![\d.]*\d)")


def inline(text: str, document: Document, own: str = "", page: str = "") -> Markup:
    """Return `text` of clause `own` with links to the clauses and terms it mentions.

    A term is linked at its first use in a clause, and not inside its own definition.
    `page` is the address of the whole document, empty on that page itself.
    """
    bold = BOLD.split(text)
    linker = _Linker(document, own, page)
    # Odd items of the split were between two bold marks.
    parts = [
        Markup("<strong>{}</strong>").format(linker(part)) if place % 2 else linker(part)
        for place, part in enumerate(bold)
    ]
    return Markup("").join(parts)


def definition_or_text(clause: Clause, document: Document, page: str = "") -> Markup:
    """Return the text of `clause`, with the term it defines, if any, as `<dfn>`."""
    term = next((t for t in glossary.terms(document) if t.number == clause.number), None)
    text = clause.text
    if term is None:
        return inline(text, document, clause.number, page)
    plain = text.replace("**", "")
    definition = inline(plain.removeprefix(term.quoted), document, clause.number, page)
    return Markup("<dfn>{}</dfn>{}").format(term.quoted, definition)


class _Linker:
    """Escape text and insert links; link each term once."""

    def __init__(self, document: Document, own: str, page: str) -> None:
        self.document, self.page, self.done = document, page, {own}
        self.pattern, self.groups = glossary.pattern(document)

    def __call__(self, text: str) -> Markup:
        return self._substitute(OWN_ADDRESS, text, self._address, self._references)

    def _references(self, text: str) -> Markup:
        return self._substitute(REFERENCE, text, self._reference, self._terms)

    def _terms(self, text: str) -> Markup:
        if self.pattern is None:
            return escape(text)
        return self._substitute(self.pattern, text, self._term, escape)

    def _address(self, match: re.Match[str]) -> Markup:
        """Link an address if this site has the page, in the language of the request."""
        if not has_page(match[1]):
            return escape(match[0])
        return Markup('<a href="{}">{}</a>').format(
            request.script_root + match[1], match[0]
        )

    def _reference(self, match: re.Match[str]) -> Markup:
        number = self.document.by_written.get(match[0])
        if number is None or number in self.done:
            return escape(match[0])
        return Markup('<a href="{}#c{}">{}</a>').format(self.page, number, match[0])

    def _term(self, match: re.Match[str]) -> Markup:
        number = self.groups[match.lastgroup or ""]
        if number in self.done:
            return escape(match[0])
        self.done.add(number)
        return Markup('<a class="term" href="{}#c{}">{}</a>').format(
            self.page, number, match[0]
        )

    @staticmethod
    def _substitute(
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

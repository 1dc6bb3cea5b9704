"""The terms defined in 1.1, and a pattern that finds their uses."""

import re
from dataclasses import dataclass
from functools import lru_cache

from neupusti.policy.service.document import Clause, Document

GLOSSARY = "1.1"
QUOTED = re.compile(r"[«“\"]\s*([^»”\"]+?)\s*[»”\"]+")
ALIAS = re.compile(
    r"\((?:далее|бұдан әрі|hereinafter)\s*[–—-]?\s*(?:the )?([^)]+)\)", re.IGNORECASE
)
MIN_STEMMED = 5
ENDING_CHARACTERS = 2
"""Words of five letters or more are cut by two, enough to match every case ending."""


@dataclass(frozen=True, slots=True)
class Term:
    """A defined term: its clause, the text quoted there, and all its names."""

    number: str
    name: str
    quoted: str
    names: tuple[str, ...]


@lru_cache(maxsize=64)
def terms(document: Document) -> tuple[Term, ...]:
    """Return the terms defined directly below 1.1, in document order."""
    found = (_term(clause) for clause in document)
    return tuple(term for term in found if term)


def _term(clause: Clause) -> Term | None:
    text = clause.text.replace("**", "")
    match = QUOTED.match(text)
    if not clause.number.startswith(f"{GLOSSARY}.") or match is None:
        return None
    name = match[1].replace("«", "").strip()
    alias = ALIAS.search(text[: match.end() + 80])
    names = (name, alias[1].strip()) if alias else (name,)
    return Term(clause.number, name, match[0], names)


@lru_cache(maxsize=64)
def pattern(document: Document) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """Return one pattern for all terms, and group name -> clause number."""
    parts, clauses = [], {}
    names = [(name, term.number) for term in terms(document) for name in term.names]
    for place, (name, number) in enumerate(sorted(names, key=lambda n: -len(n[0]))):
        clauses[f"t{place}"] = number
        parts.append(f"(?P<t{place}>{_stems(name)})")
    return (re.compile(rf"\b(?:{'|'.join(parts)})") if parts else None), clauses


def _stems(name: str) -> str:
    """Return a pattern for `name` with any case ending, its first letter in either case.

    A single word must match its case: «Пользователь» is the term, «пользователь» is not.
    The exception is Cookies, which is not ambiguous.
    """
    words = name.split()
    stems = [
        re.escape(w[:-ENDING_CHARACTERS] if len(w) >= MIN_STEMMED else w) + r"\w*"
        for w in words
    ]
    if (len(words) > 1 or stems[0].startswith("Cooki")) and words[0][0].isalpha():
        first = words[0][0]
        stems[0] = f"[{first.upper()}{first.lower()}]{stems[0][1:]}"
    return r"\s+".join(stems)

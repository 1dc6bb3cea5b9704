"""The terms that section 1 defines, and where the other clauses use them (1.1)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from neupusti.policy.service.document import Clause, Document

GLOSSARY = "1.1"
QUOTED = re.compile(r"[«“\"]\s*([^»”\"]+?)\s*[»”\"]+")
ALIAS = re.compile(
    r"\((?:далее|бұдан әрі|hereinafter)\s*[–—-]?\s*(?:the )?([^)]+)\)", re.IGNORECASE
)
STEM_FROM = 5
ENDING = 2
"""Words of five letters and more lose their last two: enough to meet every case ending."""


@dataclass(frozen=True, slots=True)
class Term:
    """A defined term: its clause, the words as quoted there, and all its names."""

    number: str
    name: str
    quoted: str
    names: tuple[str, ...]


@lru_cache(maxsize=64)
def terms(document: Document) -> tuple[Term, ...]:
    """Return the terms defined directly below 1.1, in their order."""
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
    """Return one pattern for all terms, and the clause that each of its groups means."""
    parts, clauses = [], {}
    names = [(name, term.number) for term in terms(document) for name in term.names]
    for place, (name, number) in enumerate(sorted(names, key=lambda n: -len(n[0]))):
        clauses[f"t{place}"] = number
        parts.append(f"(?P<t{place}>{_stems(name)})")
    return (re.compile(rf"\b(?:{'|'.join(parts)})") if parts else None), clauses


def _stems(name: str) -> str:
    """Return a pattern for `name` in any case ending; its first letter as written or small.

    A single word is met only as written: «Пользователь» is the term, a user is anybody.
    Cookies alone can mean nothing else.
    """
    words = name.split()
    stems = [re.escape(w[:-ENDING] if len(w) >= STEM_FROM else w) + r"\w*" for w in words]
    if (len(words) > 1 or stems[0].startswith("Cooki")) and words[0][0].isalpha():
        first = words[0][0]
        stems[0] = f"[{first.upper()}{first.lower()}]{stems[0][1:]}"
    return r"\s+".join(stems)

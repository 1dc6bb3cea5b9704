"""Find errors invisible to a reader: look-alike letters and inconsistent host names.

A finding never stops an import, because the document is the operator's. It is shown when
the document is imported or edited (7.5).
"""

import re
from collections import defaultdict
from dataclasses import dataclass

CYRILLIC = re.compile(r"[\u0400-\u04ff]")
LATIN = re.compile(r"[A-Za-z]")
WORD = re.compile(r"[^\W\d_]+")
HOST = re.compile(
    # Anchored at the beginning of a name, so that each is matched once (linear time).
    r"(?:https?://)?(?<![^\W_])(?<![^\W_][.-])[^\W_]+(?:[.-][^\W_]+)*\.kz\b/?",
    re.IGNORECASE,
)
CYRILLIC_LOOKALIKES = str.maketrans("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")
ABBREVIATIONS = frozenset({"ТОО", "АО", "ОАО", "ЗАО", "РК", "КР", "ЖШС", "АҚ"})
"""Words assumed to be Cyrillic even if the document never spells them so."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One suspicious word and its line."""

    line: int
    word: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: «{self.word[:80]}»: {self.message}"


def lint(text: str) -> list[LintFinding]:
    """Return the findings of `text`, by line; the same word is reported on each line."""
    lines = list(enumerate(text.split("\n"), 1))
    native = {word for word in WORD.findall(text) if not LATIN.search(word)} | ABBREVIATIONS
    findings = [f for number, line in lines for f in _words(number, line, native)]
    return sorted(findings + _hosts(lines), key=lambda finding: finding.line)


def _words(number: int, line: str, native: set[str] | frozenset[str]) -> list[LintFinding]:
    findings, hosts = [], _hosts_by_word(line)
    for word in dict.fromkeys(WORD.findall(line)):
        lookalike = word.translate(CYRILLIC_LOOKALIKES)
        if CYRILLIC.search(word) and LATIN.search(word):
            host = hosts.get(word, word)
            findings.append(
                LintFinding(number, host, "Latin and Cyrillic letters in one word")
            )
        elif LATIN.search(word) and not LATIN.search(lookalike) and lookalike in native:
            findings.append(
                LintFinding(number, word, f"Latin letters that stand for «{lookalike}»")
            )
    return findings


def _hosts_by_word(line: str) -> dict[str, str]:
    """Return word -> the first host of the line that contains it."""
    hosts = HOST.findall(line)
    return {word: host for host in reversed(hosts) for word in WORD.findall(host)}


def _hosts(lines: list[tuple[int, str]]) -> list[LintFinding]:
    """Report the first line of every spelling of the host, if there are several."""
    spellings: dict[str, list[int]] = defaultdict(list)
    for number, line in lines:
        for spelling in HOST.findall(line):
            spellings[spelling].append(number)
    names = {re.sub(r"^[a-zA-Z]+://|/$", "", spelling) for spelling in spellings}
    if len(names) < 2:  # noqa: PLR2004 - one name is what should be
        return []
    return [
        LintFinding(
            numbers[0],
            spelling,
            f"one of {len(spellings)} spellings of the host, {len(numbers)} times",
        )
        for spelling, numbers in spellings.items()
    ]

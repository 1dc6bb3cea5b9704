"""What a reader's eye misses in a document: look-alike letters and hosts spelt in two ways.

A finding never stops an import: the document is the operator's. It is shown to whoever
imports or edits it (7.5).
"""

import re
from collections import defaultdict
from dataclasses import dataclass

CYRILLIC = re.compile(r"[\u0400-\u04ff]")
LATIN = re.compile(r"[A-Za-z]")
WORD = re.compile(r"[^\W\d_]+")
HOST = re.compile(
    # Tried at the beginning of a name only: once for each, however long it is.
    r"(?:https?://)?(?<![^\W_])(?<![^\W_][.-])[^\W_]+(?:[.-][^\W_]+)*\.kz\b/?",
    re.IGNORECASE,
)
TWIN = str.maketrans("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")
ABBREVIATIONS = frozenset({"ТОО", "АО", "ОАО", "ЗАО", "РК", "КР", "ЖШС", "АҚ"})
"""Words that stand in a policy in Cyrillic even where the document never spells them so."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing to look at, with the line it stands on."""

    line: int
    word: str
    says: str

    def __str__(self) -> str:
        return f"line {self.line}: «{self.word[:80]}»: {self.says}"


def lint(text: str) -> list[LintFinding]:
    """Return the findings of `text`, by line; the same word is reported on each line."""
    lines = list(enumerate(text.split("\n"), 1))
    native = {word for word in WORD.findall(text) if not LATIN.search(word)} | ABBREVIATIONS
    findings = [f for number, line in lines for f in _words(number, line, native)]
    return sorted(findings + _hosts(lines), key=lambda finding: finding.line)


def _words(number: int, line: str, native: set[str] | frozenset[str]) -> list[LintFinding]:
    findings, hosts = [], _hosts_by_word(line)
    for word in dict.fromkeys(WORD.findall(line)):
        twin = word.translate(TWIN)
        if CYRILLIC.search(word) and LATIN.search(word):
            host = hosts.get(word, word)
            findings.append(
                LintFinding(number, host, "Latin and Cyrillic letters in one word")
            )
        elif LATIN.search(word) and not LATIN.search(twin) and twin in native:
            findings.append(
                LintFinding(number, word, f"Latin letters that stand for «{twin}»")
            )
    return findings


def _hosts_by_word(line: str) -> dict[str, str]:
    """Return the words of each host of a line, with the first host they stand in."""
    hosts = HOST.findall(line)
    return {word: host for host in reversed(hosts) for word in WORD.findall(host)}


def _hosts(lines: list[tuple[int, str]]) -> list[LintFinding]:
    """Report every spelling of the host, where it first stands, if its name has two."""
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

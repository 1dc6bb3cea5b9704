"""The numbers, headings and list marks that lawyers write, each as a mark."""

import re
from dataclasses import dataclass
from enum import StrEnum

from neupusti.policy.service.document import DASH

BULLETS = "-–—−‒‑•●○◦∙·▪▫■□◆►▸‣⁃➢✓✔*\uf0b7\uf0a7\uf02d\uf0d8"
BULLET = re.compile(rf"[{BULLETS}](?:\s+|(?<=[●•▪■·\uf0b7]))(\S.*)")
LETTERED = re.compile(r"(\(?(?:\d{1,2}|[A-Za-zА-Яа-яЁёӘәІіҢңҒғҮүҰұҚқӨөҺһ])\))\s*(\S.*)")
# The number and what follows; bold marks may surround either, a list dash stand before.
ARABIC = re.compile(
    rf"(?:[{BULLETS}]\s+)?(?:(?:п\.|пункт|статья|раздел)\s+(?=\d+\.\d))?"
    r"(\d{1,2}(?:\.\d{1,3}){0,4})(\.?)(\s+|(?<=\.)(?=[^\W\d_«]))(\S.*)",
    re.IGNORECASE,
)
NUMBERED_WORD = re.compile(
    r"(?:(?P<word>раздел|глава|часть|статья|бөлім|тарау|бап|section|chapter|article|part|§)"
    r"\s*(?P<number>\d{1,3}|[IVXLІХ]{1,6})"
    r"|(?P<first>\d{1,3})\s*[-–]?\s*(?P<kazakh>бөлім|тарау|бап))(?![\w])"
    r"(?P<dot>[.:]?)\s*(?:[-–—]\s+)?(?P<rest>.*)",
    re.IGNORECASE,
)
ROMAN = re.compile(r"([IVXLІХ]{1,6})\.\s*(\S.*)")
HASHES = re.compile(r"(#{1,6})\s+(\S.*)")
BARE_NUMBER = re.compile(rf"(?:[{BULLETS}]\s+)?\d{{1,2}}(?:\.\d{{1,3}})*\.?")
VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
CYRILLIC_ROMAN = str.maketrans("ІХ", "IX")


class MarkKind(StrEnum):
    """What a paragraph begins with."""

    NONE = "none"
    ARABIC = "arabic"
    WORD = "word"
    ROMAN = "roman"
    HASHES = "hashes"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of a paragraph, and the text after it."""

    kind: MarkKind
    text: str
    parts: tuple[int, ...] = ()
    written: str = ""
    """The mark of a list item; the number of a heading as it stands."""
    word: str = ""
    hashes: bool = False

    @property
    def number(self) -> str:
        """An arabic number without its last dot."""
        return ".".join(map(str, self.parts))


def mark(text: str) -> Mark:
    """Return the mark of `text`, which has no white space at its ends."""
    hashes = HASHES.fullmatch(text)
    inner = hashes[2].rstrip("# ") if hashes else text
    found = _numbered(_unbold(inner)) if inner else Mark(MarkKind.NONE, text)
    if found.kind is MarkKind.NONE and hashes:
        return Mark(MarkKind.HASHES, inner, hashes=True)
    if found.kind is not MarkKind.NONE:
        return Mark(found.kind, found.text, found.parts, found.written, found.word,
                    hashes=bool(hashes))  # fmt: skip
    return _item(text)


def _unbold(text: str) -> str:
    """Return `text` without bold marks around its number or around all of it."""
    if not text.startswith("**"):
        return text
    inner, end, rest = text[2:].partition("**")
    if not end:
        return text
    if not rest:
        return inner if ARABIC.fullmatch(inner) or _word(inner) else text
    if BARE_NUMBER.fullmatch(inner) or re.fullmatch(r"[IVX]+\.", inner):
        return f"{inner} {rest.lstrip()}"
    number = ARABIC.fullmatch(inner)
    return f"{inner[: number.start(4)]}**{number[4]}**{rest}" if number else text


def _numbered(text: str) -> Mark:
    if match := ARABIC.fullmatch(text):
        parts = tuple(map(int, match[1].split(".")))
        # «30 дней» begins a line too: a single number needs its dot.
        if len(parts) > 1 or match[2]:
            return Mark(MarkKind.ARABIC, match[4], parts, match[1] + match[2])
    if found := _word(text):
        return found
    if (match := ROMAN.fullmatch(text)) and (value := roman_value(match[1])):
        return Mark(MarkKind.ROMAN, match[2], (value,), f"{match[1]}.")
    return Mark(MarkKind.NONE, text)


def _word(text: str) -> Mark | None:
    match = NUMBERED_WORD.match(text)
    if match is None:
        return None
    number = match["number"] or match["first"]
    value = int(number) if number.isdecimal() else roman_value(number)
    rest = match["rest"].strip()
    # «Раздел 3 настоящей Политики» is a sentence, «Раздел 3 Права» a heading.
    if not value or (
        rest and not match["dot"] and not (rest[0].isupper() or rest[0] in "«(")
    ):
        return None
    written = text[: match.start("rest")].rstrip(" -–—")
    word = (match["word"] or match["kazakh"]).lower()
    return Mark(MarkKind.WORD, rest, (value,), written, word)


def _item(text: str) -> Mark:
    if match := BULLET.fullmatch(text):
        inside = LETTERED.fullmatch(match[1])
        if inside:
            return Mark(MarkKind.ITEM, inside[2], written=inside[1])
        return Mark(MarkKind.ITEM, match[1], written=DASH)
    if match := LETTERED.fullmatch(text):
        return Mark(MarkKind.ITEM, match[2], written=match[1])
    return Mark(MarkKind.NONE, text)


def roman_value(number: str) -> int:
    """Return the value of a Roman number, also in Cyrillic letters; 0 if it is none."""
    digits = [VALUES[letter] for letter in number.upper().translate(CYRILLIC_ROMAN)]
    value = 0
    for here, after in zip(digits, [*digits[1:], 0], strict=True):
        value += -here if here < after else here
    return value

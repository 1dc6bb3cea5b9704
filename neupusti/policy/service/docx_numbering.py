"""The automatic numbers of a DOCX document (ECMA-376, part 1, 17.9)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BULLET = "•"
LEVELS = 9
RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"
LATIN = "abcdefghijklmnopqrstuvwxyz"
ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"),
         (4, "IV"), (1, "I"))  # fmt: skip
MAX_BASED_ON = 10
"""How far a style is followed to those it is based on; a cycle ends there."""


def attribute(element: ET.Element | None, name: str) -> str:
    """Return an attribute in the namespace of Word, or an empty string."""
    return "" if element is None else element.get(WORD + name, "")


def _letter(alphabet: str) -> Callable[[int], str]:
    def letter(number: int) -> str:
        return alphabet[(number - 1) % len(alphabet)] * ((number - 1) // len(alphabet) + 1)

    return letter


def roman(number: int) -> str:
    """Return a Roman number, up to 399."""
    written = ""
    for value, letters in ROMAN:
        written += letters * (number // value)
        number %= value
    return written


FORMATS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letter(LATIN),
    "upperLetter": _letter(LATIN.upper()),
    "russianLower": _letter(RUSSIAN),
    "russianUpper": _letter(RUSSIAN.upper()),
    "lowerRoman": lambda number: roman(number).lower(),
    "upperRoman": roman,
}


@dataclass(slots=True)
class _Level:
    start: int
    format: str
    text: str


@dataclass(slots=True)
class _List:
    """One list of the document, and where its counting is."""

    levels: dict[int, _Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * LEVELS)

    def next(self, depth: int) -> str:
        """Return the mark of the next paragraph on level `depth`."""
        level = self.levels.get(depth)
        if level is None or level.format == "none":
            return ""
        if level.format == "bullet":
            return BULLET
        counted = self.counts[depth]
        self.counts[depth] = level.start if counted is None else counted + 1
        self.counts[depth + 1 :] = [None] * (LEVELS - depth - 1)
        return re.sub(
            r"%([1-9])", lambda match: self._number(int(match[1]) - 1), level.text
        )

    def _number(self, depth: int) -> str:
        level = self.levels.get(depth)
        if level is None:
            return ""
        if self.counts[depth] is None:
            self.counts[depth] = level.start
        return FORMATS.get(level.format, str)(self.counts[depth] or 0)


class Numbering:
    """The marks of the paragraphs, which must be asked for in their order."""

    def __init__(self, numbering: ET.Element | None, styles: ET.Element | None) -> None:
        self.lists = _lists(numbering)
        found = styles.findall(f"{WORD}style") if styles is not None else []
        self.styles = {attribute(style, "styleId"): style for style in found}

    def mark(self, paragraph: ET.Element) -> str:
        """Return the number or bullet of `paragraph`, or an empty string."""
        number, depth = self._property(paragraph, "numPr/numId"), 0
        level = self._property(paragraph, "numPr/ilvl")
        if level.isdecimal():
            depth = min(int(level), LEVELS - 1)
        known = self.lists.get(number)
        return known.next(depth) if known else ""

    def heading(self, paragraph: ET.Element) -> bool:
        """Return whether `paragraph` has the style of a heading below the title."""
        level = self._property(paragraph, "outlineLvl")
        return level.isdecimal() and int(level) < LEVELS

    def _property(self, paragraph: ET.Element, path: str) -> str:
        """Return a property of `paragraph` or, where it has none, of its styles."""
        wanted = "/".join(WORD + name for name in ("pPr", *path.split("/")))
        element: ET.Element | None = paragraph
        for _ in range(MAX_BASED_ON):
            if element is None:
                break
            if (found := element.find(wanted)) is not None:
                return attribute(found, "val")
            own = element.find(f"{WORD}pPr/{WORD}pStyle")
            based = own if element is paragraph else element.find(f"{WORD}basedOn")
            element = self.styles.get(attribute(based, "val"))
        return ""


def _lists(root: ET.Element | None) -> dict[str, _List]:
    """Return list number -> list; lists of one definition count on together."""
    if root is None:
        return {}
    abstract = {
        attribute(one, "abstractNumId"): _List(_levels(one.findall(f"{WORD}lvl")))
        for one in root.findall(f"{WORD}abstractNum")
    }
    found = {}
    for one in root.findall(f"{WORD}num"):
        base = abstract.get(attribute(one.find(f"{WORD}abstractNumId"), "val"))
        if base is None:
            continue
        overrides = one.findall(f"{WORD}lvlOverride")
        found[attribute(one, "numId")] = _overridden(base, overrides) if overrides else base
    return found


def _overridden(base: _List, overrides: list[ET.Element]) -> _List:
    levels = dict(base.levels)
    for override in overrides:
        depth = int(attribute(override, "ilvl") or 0)
        levels |= _levels(override.findall(f"{WORD}lvl"))
        start = attribute(override.find(f"{WORD}startOverride"), "val")
        if start.isdecimal() and depth in levels:
            level = levels[depth]
            levels[depth] = _Level(int(start), level.format, level.text)
    return _List(levels)


def _levels(elements: list[ET.Element]) -> dict[int, _Level]:
    return {
        int(attribute(level, "ilvl") or 0): _Level(
            start=int(attribute(level.find(f"{WORD}start"), "val") or 1),
            format=attribute(level.find(f"{WORD}numFmt"), "val") or "decimal",
            text=attribute(level.find(f"{WORD}lvlText"), "val"),
        )
        for level in elements
    }

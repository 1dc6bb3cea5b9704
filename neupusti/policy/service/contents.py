"""Set a list of contents aside: each of its entries must come back as a heading."""

import re

from neupusti.policy.service.document import Note, Reading
from neupusti.policy.service.lines import Line
from neupusti.policy.service.marks import mark

NAME = re.compile(r"\W*(?:содержание|оглавление|мазмұны|contents|table of contents)\W*",
                  re.IGNORECASE)  # fmt: skip
LEADER = re.compile(
    r"(?:\s*(?:\.\s?){3,}|\s*…+|\s*_{3,}|\s{2,})\s*(?:стр\.?\s*)?\d{0,3}$|\s+\d{1,3}$"
)
DOTTED = re.compile(r"(?:\.\s?){4,}\s*\d{0,3}$|…{2,}\s*\d{0,3}$")
MAX_ENTRIES, MAX_LETTERS = 200, 300


def without_contents(lines: list[Line], notes: list[Note]) -> list[Line]:
    """Return `lines` without the list of contents, if there is one."""
    begin = next(
        (n for n, line in enumerate(lines[:MAX_ENTRIES])
         if len(line.text) <= MAX_LETTERS
            and (NAME.fullmatch(line.text) or DOTTED.search(line.text))), None
    )  # fmt: skip
    if begin is None:
        return lines
    named = bool(NAME.fullmatch(lines[begin].text))
    end = _end(lines, begin + named)
    if end is None:
        return lines
    notes += [Note(line.number, Reading.CONTENTS, line.text) for line in lines[begin:end]]
    return lines[:begin] + lines[end:]


def _end(lines: list[Line], first: int) -> int | None:
    """Return where the text begins: at the second line that reads like the first entry.

    None unless every entry comes back later; an entry of two lines is one entry.
    """
    if first >= len(lines):
        return None
    later = [(_plain(line.text), n) for n, line in enumerate(lines)]
    start = later[first][0]
    end = next((n for plain, n in later[first + 1 :] if _same(start, plain)), None)
    if end is None or end - first > MAX_ENTRIES or not start:
        return None
    body = {plain for plain, _ in later[end:]}
    text = " ".join(plain for plain, _ in later[end:])
    entries = [plain for plain, _ in later[first:end]]
    return end if all(entry in body or entry in text for entry in entries) else None


def _same(entry: str, heading: str) -> bool:
    return entry == heading or (len(heading) > 8 and entry.startswith(heading))  # noqa: PLR2004


def _plain(text: str) -> str:
    """Return the words of an entry or heading, without leader and page number."""
    if len(text) > MAX_LETTERS:
        return text
    bare = mark(LEADER.sub("", text)).text
    return " ".join(re.findall(r"\w+", bare.lower()))

"""Read a file as text: UTF-8, UTF-16, windows-1251, KOI8-R, or a DOCX document."""

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from neupusti.policy.service import docx
from neupusti.policy.service.document import Note, Reading
from neupusti.policy.service.problems import Problem, UnreadableDocumentError

LIMIT_BYTES = 1024 * 1024
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ONE_BYTE = ("windows-1251", "koi8-r")
FREQUENT = frozenset("оеаинтсрв")
"""Nine letters that make up six in ten of any Russian text."""
MIN_FREQUENT, MIN_LETTERS = 0.45, 20
EXPECTED = re.compile(r"[\t\n\r\f\x20-\x7eА-яЁё«»„“”‘’–—…•·№§©®™°±\xa0\xad−]*")
"""What a text in a one-byte encoding consists of; anything else shows a wrong guess."""
UTF16_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file, and how it was read."""

    text: str
    notes: tuple[Note, ...] = ()


def read(raw: bytes) -> Source:
    """Return the text of a file, any line ends; raise UnreadableDocumentError."""
    if raw.startswith(docx.SIGNATURE):
        text, notes = docx.read(raw)
        _check_size(text.encode())
        return Source(text, tuple(notes))
    _check_size(raw)
    encoding = _encoding(raw)
    text = raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    plain = encoding in {"utf-8", "utf-8-sig"}
    return Source(text, () if plain else (Note(0, Reading.ENCODING, encoding.upper()),))


def decode(raw: bytes) -> str:
    """Return only the text of `read`."""
    return read(raw).text


def _check_size(raw: bytes) -> None:
    if len(raw) > LIMIT_BYTES:
        raise UnreadableDocumentError([Problem(0, "the file is larger than 1 MiB")])


def _encoding(raw: bytes) -> str:
    """Return the encoding of `raw`; raise UnreadableDocumentError if it is not known."""
    marked = next((raw.startswith(m) and e for m, e in BYTE_ORDER_MARKS.items()
                   if raw.startswith(m)), None)  # fmt: skip
    candidates = [marked] if marked else [*_utf16(raw), "utf-8"]
    for encoding in candidates:
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    found = None if marked else _one_byte(raw)
    if found is None:
        raise UnreadableDocumentError([_not_text(raw, marked or "utf-8")])
    return found


def _utf16(raw: bytes) -> list[str]:
    """Return the order of bytes of UTF-16 without a mark, or nothing.

    Half of the bytes of Cyrillic or Latin letters are then 0 or 4.
    """
    if len(raw) % 2:
        return []
    high = [sum(map(Counter(raw[start::2]).__getitem__, (0, 4))) * 2 for start in (1, 0)]
    if max(high) < UTF16_SHARE * max(len(raw), 1):
        return []
    return ["utf-16-le" if high[0] >= high[1] else "utf-16-be"]


def _one_byte(raw: bytes) -> str | None:
    """Return the one-byte encoding in which `raw` is Russian text, or None."""
    found = [(_likeness(raw.decode(name, "replace")), name) for name in ONE_BYTE]
    likeness, name = max(found)
    return name if likeness >= MIN_FREQUENT else None


def _likeness(text: str) -> float:
    """Return the share of frequent Russian letters, 0 where there are odd characters."""
    if not EXPECTED.fullmatch(text):
        return 0
    letters = Counter(letter for letter in text if "\u0400" <= letter <= "\u04ff")
    number = letters.total()
    if number < MIN_LETTERS:
        return 0
    # KOI8-R read as windows-1251 has its cases the wrong way round.
    wrong = sum(1 for a, b in pairwise(text) if a.islower() > b.islower()
                and b.isupper())  # fmt: skip
    frequent = sum(n for letter, n in letters.items() if letter.lower() in FREQUENT)
    return (frequent - wrong) / number


def _not_text(raw: bytes, encoding: str) -> Problem:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Problem(line, "this is not UTF-8, UTF-16, windows-1251 or KOI8-R text")
    return Problem(0, "this is not text")

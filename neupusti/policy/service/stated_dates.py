"""The date of an edition, read only where the text says that it is one (9.4).

A date counts next to words of updating, of coming into force or, in the stamp above the
title, of approval. The date of a law that the text cites is none of these.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from neupusti.policy.service.document import Document

MONTHS = {
    stem: number
    for number, stems in enumerate(
        (
            ("январ", "қаңтар", "january"), ("феврал", "ақпан", "february"),
            ("март", "наурыз", "march"), ("апрел", "сәуір", "april"),
            ("ма[йя]", "мамыр", "may"), ("июн", "маусым", "june"),
            ("июл", "шілде", "july"), ("август", "тамыз", "august"),
            ("сентябр", "қыркүйе[кг]", "september"), ("октябр", "қазан", "october"),
            ("ноябр", "қараша", "november"), ("декабр", "желтоқсан", "december"),
        ),
        1,
    )
    for stem in stems
}  # fmt: skip
MONTH = rf"(?:{'|'.join(MONTHS)})\w*"
DAY = r"[«\"“„]?\s?(?P<d%d>\d{1,2})\s?[»\"”]?"
DATE = re.compile(
    r"(?<![\d.])(?:"
    r"(?P<d1>\d{1,2})[./-](?P<m1>\d{1,2})[./-](?P<y1>\d{4})(?!\d)"
    r"|(?P<y2>\d{4})-(?P<m2>\d{2})-(?P<d2>\d{2})(?!\d)"
    rf"|{DAY % 3}(?:st|nd|rd|th)?\s(?P<w3>{MONTH}),?\s(?P<y3>\d{{4}})(?!\d)"
    rf"|(?P<y4>\d{{4}})\s?(?:жылғы|жылдың|ж\.)\s?{DAY % 4}\s(?P<w4>{MONTH})"
    rf"|(?P<w5>{MONTH})\s(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y5>\d{{4}})(?!\d)"
    r")",
    re.IGNORECASE,
)
UPDATED = (
    r"обновл\w+|актуализ\w+|изменен\w*|изменён\w*|редакци\w+|верси\w+|жаңарт\w+|жаңар\w+|"
    r"өзгерт\w+|редакция\w*|updated|modified|revised|revision|version"
)
IN_FORCE = (
    r"вступа\w+\s+в\s+(?:законную\s+)?силу|вступил\w*\s+в\s+(?:законную\s+)?силу|"
    r"вступлени\w+\s+в\s+(?:законную\s+)?силу|вводится\s+в\s+действие|"
    r"введен\w*\s+в\s+действие|введён\w*\s+в\s+действие|действу\w+\s+с|применяется\s+с|"
    r"күшіне\s+ен\w+|қолданысқа\s+ен\w+|күшінде|effective|in\s+force|into\s+force"
)
APPROVED = r"утвержд\w+|приказ\w*|решени\w+|бекіт\w+|бұйры\w+|approved"
KEYWORD = re.compile(rf"\b(?:(?P<updated>{UPDATED})|(?P<force>{IN_FORCE}))", re.IGNORECASE)
APPROVAL = re.compile(rf"\b(?:{APPROVED})", re.IGNORECASE)
FOREIGN = re.compile(
    r"\b(?:закон|кодекс|приказ|постановлен|указ[аоу]?м?\b|конституц|директив|регламент|"
    r"gdpr|act\b|law\b|заң|бұйры|қаулы|предыдущ|прежн|прошл|утра[тч]|перв(?:ая|ой|ую)\s+редакц|"
    r"алдыңғы|бұрынғы|previous|former|№|договор|лиценз|свидетельств)",
    re.IGNORECASE,
)
"""Words of another document, or of an edition that is past."""
OWN = re.compile(r"\b(?:политик|документ|саясат|құжат|polic)", re.IGNORECASE)
NEAR = 60
"""Letters between the words and the date."""
SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[«\"(]?[А-ЯЁA-ZӘІҢҒҮҰҚӨҺ])")


class Reason(IntEnum):
    """Why a date is the edition's, the strongest first."""

    UPDATED = 1
    IN_FORCE = 2
    APPROVED = 3


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date, why it counts, and the words of the text around it."""

    day: date
    reason: Reason
    words: str
    written: str


def stated_dates(document: Document) -> list[StatedDate]:
    """Return the dates that the text states of itself, the strongest reason first."""
    texts = [
        document.title,
        *document.preamble,
        *document.closing,
        *(line for clause in document for line in clause.whole.split("\n")),
    ]
    found = [one for text in texts for one in _stated(text)]
    found += _approved(" ".join(document.approval))
    unique = {(one.day, one.reason): one for one in reversed(found)}
    return sorted(unique.values(), key=lambda one: (one.reason, one.day))


def own_date(document: Document) -> StatedDate | None:
    """Return the date of the edition; None if the text states none, or several."""
    found = stated_dates(document)
    strongest = [one for one in found if one.reason is found[0].reason]
    return strongest[0] if len({one.day for one in strongest}) == 1 else None


def _stated(text: str) -> Iterator[StatedDate]:
    for sentence in SENTENCE.split(text):
        if not any(digit.isdigit() for digit in sentence):
            continue
        spans = list(_dates(sentence))
        foreign, own = (
            [match.start() for match in words.finditer(sentence)]
            for words in (FOREIGN, OWN)
        )
        for place, (begin, end, day) in enumerate(spans):
            before = spans[place - 1][1] if place else 0
            after = spans[place + 1][0] if place + 1 < len(spans) else len(sentence)
            if _before(foreign, begin) > _before(own, begin):
                continue  # the document named last is another one
            if reason := _reason(sentence[before:begin], sentence[end:after]):
                words = sentence[max(0, begin - NEAR) : end + NEAR // 2].strip()
                yield StatedDate(day, reason, words, sentence[begin:end])


def _before(places: list[int], end: int) -> int:
    """Return the last of the sorted `places` before `end`, or -1."""
    found = bisect_left(places, end)
    return places[found - 1] if found else -1


def _reason(before: str, after: str) -> Reason | None:
    """Return why a date counts between the words `before` and `after` it."""
    near = [*KEYWORD.finditer(before[-NEAR:])]
    if not near:
        near = [*KEYWORD.finditer(after[:NEAR])][:1]
        if near and FOREIGN.search(after[: near[0].start()]):
            return None
    if not near:
        return None
    return Reason.UPDATED if near[-1]["updated"] else Reason.IN_FORCE


def _approved(text: str) -> list[StatedDate]:
    """Return the dates of the stamp above the title, which is about this document."""
    spans = list(_dates(text))
    return [
        StatedDate(day, Reason.APPROVED, text[-200:], text[begin:end])
        for begin, end, day in spans
        if APPROVAL.search(text[:begin])
    ]


def _dates(text: str) -> Iterator[tuple[int, int, date]]:
    """Yield the dates in `text` that the calendar has, with where they stand."""
    for match in DATE.finditer(text):
        groups = {name[0]: value for name, value in match.groupdict().items() if value}
        month = groups.get("m") or _month(groups["w"])
        with suppress(ValueError):
            yield (
                match.start(),
                match.end(),
                date(int(groups["y"]), int(month), int(groups["d"])),
            )


def _month(word: str) -> int:
    return next(
        number for stem, number in MONTHS.items() if re.match(stem, word, re.IGNORECASE)
    )

"""What stands above the first section: approval, title, preamble."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neupusti.policy.service.document import DASH, Note, Reading
from neupusti.policy.service.lines import SENTENCE_ENDS
from neupusti.policy.service.marks import MarkKind
from neupusti.policy.service.plan import Part, leaves

STAMP = re.compile(
    r"\W*(?:утвержд|согласован|приложение|бекіт|келісіл|қосымша|approved|annex)",
    re.IGNORECASE,
)
TITLE = re.compile(
    r"\W*(?:политика|положение|правила|соглашение|уведомление|порядок|privacy|policy|notice|"
    r"құпиялылық|дербес|жеке|ереже|саясат|cookie|персональн|обработк)",
    re.IGNORECASE,
)
NO_TITLE = re.compile(r"https?:|@|:\s|\d{4}|^\(|^(?:г|гор|қ|город)\.?\s", re.IGNORECASE)
OWNER = re.compile(r"\b(?:ТОО|ИП|АО|ООО|ЖШС|ЖК|LLP)\b|«|\.kz|\.ru|\.com")
MAX_TITLE = 300


@dataclass(frozen=True, slots=True)
class Front:
    """What stands above the first section."""

    approval: tuple[str, ...] = ()
    title: str = ""
    preamble: tuple[str, ...] = ()


def front(parts: Sequence[Part], notes: list[Note], *, headings: bool) -> Front:
    """Return the front of a document; append how it was read to `notes`.

    `headings`: sections have no marks, so that a short line may be the first of them.
    """
    begin = 0
    if parts and STAMP.match(parts[0].text):
        begin = next((n for n, p in enumerate(parts) if n and TITLE.match(p.text)), 0)
        notes += [Note(part.line, Reading.APPROVAL, part.text) for part in parts[:begin]]
    rest = parts[begin:]
    end = 1
    while end < len(rest) and _same_title(rest, end, headings=headings):
        notes.append(Note(rest[end].line, Reading.TITLE, rest[end].text))
        end += 1
    title = " ".join(leaves(part.text).replace("**", "") for part in rest[:end])
    return Front(
        approval=tuple(part.text for part in parts[:begin]),
        title=title,
        preamble=tuple(map(_line, rest[end:])),
    )


def _same_title(parts: Sequence[Part], place: int, *, headings: bool) -> bool:
    """Return whether the part at `place` continues the title above it."""
    part, above = parts[place], parts[place - 1]
    text = leaves(part.text)
    if sum(len(one.text) for one in parts[: place + 1]) > MAX_TITLE:
        return False
    if part.mark.kind is not MarkKind.NONE or NO_TITLE.search(text):
        return False
    if text.endswith(SENTENCE_ENDS) or above.text.endswith((".", ":")):
        return False
    if part.adjacent:
        return (
            not headings or bool(OWNER.search(text)) or text[0].islower() or text.isupper()
        )
    alike = text.isupper() and above.text.isupper() and not headings
    return alike or text[0].islower() or bool(OWNER.match(text))


def _line(part: Part) -> str:
    """Return a line of the preamble."""
    found = part.mark
    if found.kind is MarkKind.ITEM:
        return f"{DASH if found.written == DASH else found.written} {found.text}"
    return leaves(part.text) if found.kind is MarkKind.HASHES else part.text

"""Write a policy the way an operator does, and say what a reader must find in it.

Independent of the parser: the expected clauses come from the contents, never from a text.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.policy.others.contents import Point, Policy

ROMAN = ("I", "II", "III", "IV", "V")
CYRILLIC = "абвгдежз"


@dataclass(frozen=True)
class Form:
    """How a policy is written down."""

    section: Callable[[int, str], str] = "{}. {}".format
    clause: Callable[[str], str] = "{}.".format
    item: Callable[[int], str] = lambda _: "-"
    blank: str = "\n\n"
    """Between paragraphs."""
    continuous: bool = False
    """Clauses count on through the whole document: 1., 2., 3."""
    restart: bool = False
    """Clauses count from 1 in each section."""
    numbered: bool = True
    """Whether clauses have numbers at all."""
    kept_mark: bool = False
    """Whether the mark of an item, a number or letter, is part of the text."""
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    contents: Callable[[int, str], str] | None = None
    wrap: int = 0


@dataclass
class Written:
    """A document and what must be found in it."""

    text: str
    title: str
    headings: list[str]
    clauses: dict[str, str] = field(default_factory=dict)


def write(policy: Policy, form: Form) -> Written:
    """Return `policy` in the form `form`."""
    paragraphs = [*form.above, "\n".join(policy.title), *policy.preamble]
    if form.contents:
        names = [form.contents(n, c.heading) for n, c in enumerate(policy.chapters, 1)]
        paragraphs += ["Содержание", "\n".join(names)]
    written = Written("", " ".join(policy.title), [c.heading for c in policy.chapters])
    counter = 0
    for number, chapter in enumerate(policy.chapters, 1):
        paragraphs.append(form.section(number, chapter.heading))
        if chapter.lead:
            paragraphs += chapter.lead
            written.clauses[str(number)] = "\n".join(chapter.lead)
        for place, point in enumerate(chapter.points, 1):
            counter += 1
            own = str(counter if form.continuous else place)
            label = own if form.continuous or form.restart else f"{number}.{own}"
            for key, mark, one in _points(f"{number}.{own}", label, point):
                paragraphs += _point(mark, one, form)
                if form.numbered:
                    written.clauses[key] = _whole(one, form)
    paragraphs += form.below
    written.text = form.blank.join(_wrapped(p, form.wrap) for p in paragraphs) + "\n"
    return written


def _points(key: str, label: str, point: Point) -> Iterator[tuple[str, str, Point]]:
    yield key, label, point
    for place, one in enumerate(point.below, 1):
        yield from _points(f"{key}.{place}", f"{label}.{place}", one)


def _point(label: str, point: Point, form: Form) -> list[str]:
    lines = [f"{form.clause(label)} {point.text}" if form.numbered else point.text]
    lines += [f"{form.item(n)} {item}" for n, item in enumerate(point.items, 1)]
    return [*lines, *point.more]


def _whole(point: Point, form: Form) -> str:
    items = [
        f"{form.item(n) if form.kept_mark else '–'} {item}"
        for n, item in enumerate(point.items, 1)
    ]
    return "\n".join([point.text, *items, *point.more])


def _wrapped(paragraph: str, width: int) -> str:
    if not width:
        return paragraph
    return "\n".join(
        "\n".join(textwrap.wrap(line, width, break_long_words=False))
        for line in paragraph.split("\n")
    )

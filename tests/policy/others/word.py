"""Write a DOCX document with automatic numbers, as a word processor stores it."""

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from tests.policy.others.contents import Point, Policy

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LEVELS = "".join(
    f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    f'<w:lvlText w:val="{"".join(f"%{n}." for n in range(1, level + 2))}"/></w:lvl>'
    for level in range(3)
)
NUMBERING = (
    f'<w:numbering xmlns:w="{NAMESPACE}">'
    f'<w:abstractNum w:abstractNumId="1">{LEVELS}</w:abstractNum>'
    '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
    '<w:lvlText w:val="\uf0b7"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num></w:numbering>'
)
STYLES = (
    f'<w:styles xmlns:w="{NAMESPACE}"><w:style w:styleId="Heading1"><w:pPr>'
    '<w:numPr><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
    '<w:style w:styleId="Chapter"><w:basedOn w:val="Heading1"/></w:style></w:styles>'
)


def archive(body: str, *, numbering: str = NUMBERING, styles: str = STYLES) -> bytes:
    """Return a DOCX file with `body` inside `<w:body>`."""
    opening = f'<?xml version="1.0"?><w:document xmlns:w="{NAMESPACE}">'
    document = f"{opening}<w:body>{body}</w:body></w:document>"
    return raw_archive(document, numbering, styles)


def raw_archive(document: str, numbering: str = NUMBERING, styles: str = STYLES) -> bytes:
    """Return a DOCX file with these three parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", document)
        made.writestr("word/numbering.xml", numbering)
        made.writestr("word/styles.xml", styles)
    return file.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph; its text is cut into runs where a word processor would."""
    half = len(text) // 2
    runs = "".join(
        f'<w:r><w:t xml:space="preserve">{escape(part)}</w:t></w:r>'
        for part in (text[:half], text[half:])
    )
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def document(policy: Policy) -> bytes:
    """Return `policy` as a DOCX file."""
    parts = [*map(paragraph, (*policy.title, *policy.preamble))]
    for chapter in policy.chapters:
        parts.append(paragraph(chapter.heading, '<w:pStyle w:val="Chapter"/>'))
        for point in chapter.points:
            parts += _points(point, 1)
    return archive("".join(parts))


def _points(point: Point, level: int) -> Iterator[str]:
    yield paragraph(point.text, _listed(1, level))
    for item in point.items:
        yield paragraph(item, _listed(2, 0))
    yield from map(paragraph, point.more)
    for one in point.below:
        yield from _points(one, level + 1)


def _listed(number: int, level: int) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'

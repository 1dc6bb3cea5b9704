"""Read the text of a DOCX document, with the numbers that Word draws but does not store.

Only the standard library: a document type declaration, the way to expand entities, is
refused, and every part is read up to a limit. Source: ECMA-376, part 1, chapter 17.
"""

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET
from xml.parsers import expat

from neupusti.policy.service.document import Note, Reading
from neupusti.policy.service.docx_numbering import WORD, Numbering, attribute
from neupusti.policy.service.problems import Problem, UnreadableDocumentError

SIGNATURE = b"PK\x03\x04"
LIMIT_BYTES, LIMIT_PART_BYTES = 8 * 1024 * 1024, 4 * 1024 * 1024
DOCUMENT, STYLES, NUMBERING = "word/document.xml", "word/styles.xml", "word/numbering.xml"
MAX_DEPTH = 200
TRACKED = ("ins", "del", "moveFrom", "moveTo")
LEFT_OUT = {
    "footnoteReference": "footnotes",
    "endnoteReference": "endnotes",
    "drawing": "pictures",
    "pict": "pictures",
    "commentReference": "comments",
    "txbxContent": "text boxes",
}
"""Text that stands outside the paragraphs; a document with footnotes is refused."""
REFUSED = frozenset({"footnotes", "endnotes", "text boxes"})
CHARACTERS = {
    "tab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "-",
    "softHyphen": "\xad",
}


def read(raw: bytes) -> tuple[str, list[Note]]:
    """Return the text, one paragraph a line, and how it was read."""
    if len(raw) > LIMIT_BYTES:
        raise _refusal("the file is larger than 8 MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = {name: _part(archive, name) for name in (DOCUMENT, STYLES, NUMBERING)}
            edges = [
                n
                for n in archive.namelist()
                if n.startswith(("word/header", "word/footer"))
            ]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        if isinstance(error, UnreadableDocumentError):
            raise
        raise _refusal("this is not a readable DOCX document") from None
    body = parts[DOCUMENT]
    if body is None or body.find(f"{WORD}body") is None:
        raise _refusal("this is not a DOCX document")
    _check(body)
    notes = [Note(0, Reading.DOCX, "DOCX")]
    notes += [Note(0, Reading.LEFT_OUT, what) for what in sorted(_left_out(body))]
    if edges:
        notes.append(Note(0, Reading.LEFT_OUT, "page headers and footers"))
    lines: list[str] = []
    writer = _Writer(Numbering(parts[NUMBERING], parts[STYLES]), notes, lines)
    writer.take(body.find(f"{WORD}body"))
    return "\n".join(lines) + "\n", notes


class _Writer:
    """Write paragraphs as lines, with an empty line between them."""

    def __init__(self, numbering: Numbering, notes: list[Note], lines: list[str]) -> None:
        self.numbering, self.notes, self.lines = numbering, notes, lines

    def take(self, parent: ET.Element | None) -> None:
        """Write the paragraphs and tables of `parent`, also inside content controls."""
        for element in parent if parent is not None else ():
            match element.tag.removeprefix(WORD):
                case "p":
                    self._paragraph(element)
                case "tbl":
                    self._table(element)
                case "sdt":
                    self.take(element.find(f"{WORD}sdtContent"))
                case "smartTag" | "customXml":
                    self.take(element)

    def _paragraph(self, paragraph: ET.Element) -> None:
        text = "".join(_text(paragraph)).strip()
        if not text:
            return
        mark = self.numbering.mark(paragraph)
        heading = self.numbering.heading(paragraph) or _bold(paragraph)
        if heading and not mark and "\n" not in text:
            mark = "##"
        self._write(f"{mark} {text}" if mark else text)

    def _table(self, table: ET.Element) -> None:
        self.notes.append(Note(len(self.lines) + 1, Reading.TABLE))
        for row in table.findall(f"{WORD}tr"):
            cells = ["".join(_text(cell)).strip() for cell in row.findall(f"{WORD}tc")]
            self._write(" | ".join(" ".join(cell.split()) for cell in cells))

    def _write(self, text: str) -> None:
        self.lines += (*text.split("\n"), "")


def _text(element: ET.Element) -> Iterator[str]:
    """Yield the text of `element`; paragraphs of a cell are separated by a space."""
    for one in element.iter():
        name = one.tag.removeprefix(WORD)
        if name == "t":
            yield one.text or ""
        elif name in CHARACTERS:
            yield CHARACTERS[name] if attribute(one, "type") != "page" else "\n"
        elif name == "p" and one is not element:
            yield " "


def _bold(paragraph: ET.Element) -> bool:
    """Return whether every run with text is bold and it does not end like a sentence."""
    runs = [run for run in paragraph.iter(f"{WORD}r") if "".join(_text(run)).strip()]
    if "".join(_text(paragraph)).rstrip().endswith((".", ";", ":", ",")):
        return False
    bold = [run.find(f"{WORD}rPr/{WORD}b") for run in runs]
    return bool(runs) and all(
        one is not None and attribute(one, "val") not in {"0", "false"} for one in bold
    )


def _left_out(body: ET.Element) -> set[str]:
    names = {one.tag.removeprefix(WORD) for one in body.iter()}
    return {what for name, what in LEFT_OUT.items() if name in names}


def _check(body: ET.Element) -> None:
    """Raise UnreadableDocumentError for what cannot be placed in a plain text."""
    if any(body.find(f".//{WORD}{name}") is not None for name in TRACKED):
        raise _refusal("there are tracked changes: accept or reject them first")
    if refused := sorted(_left_out(body) & REFUSED):
        raise _refusal(f"there are {', '.join(refused)}: move their text into the clauses")


def _part(archive: zipfile.ZipFile, name: str) -> ET.Element | None:
    if name not in archive.namelist():
        return None
    with archive.open(name) as part:
        raw = part.read(LIMIT_PART_BYTES + 1)
    if len(raw) > LIMIT_PART_BYTES:
        raise _refusal(f"{name} is larger than 4 MiB")
    return _parse(raw)


def _parse(raw: bytes) -> ET.Element:
    """Return the root of an XML part; refuse a document type declaration."""
    builder, depth = ET.TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _refusal(f"the XML is nested more than {MAX_DEPTH} deep")
        builder.start(_qualified(name), {_qualified(k): v for k, v in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_qualified(name))

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - the last piece
    except expat.ExpatError:
        raise _refusal("the XML of this DOCX document is broken") from None
    return builder.close()


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse_doctype(*_declaration: object) -> None:
    raise _refusal("the XML declares a document type, which no DOCX document does")


def _refusal(message: str) -> UnreadableDocumentError:
    return UnreadableDocumentError([Problem(0, message)])

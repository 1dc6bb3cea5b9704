"""Encodings and DOCX are recognised and said; what cannot be placed is refused."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from neupusti.policy.service import docx
from neupusti.policy.service.decoding import read
from neupusti.policy.service.document import Reading
from neupusti.policy.service.problems import UnreadableDocumentError
from tests.policy.documents import SMALL
from tests.policy.others import word
from tests.policy.others.contents import BAKERY
from tests.policy.test_commands import run


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("windows-1251", "WINDOWS-1251"),
        ("koi8-r", "KOI8-R"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
    ],
)
def test_an_encoding_is_recognised_and_said(
    app: Flask, tmp_path: Path, encoding: str, said: str
) -> None:
    text = SMALL.replace("«", '"').replace("»", '"').replace("—", "-")
    file = tmp_path / "policy.txt"
    file.write_bytes(text.encode(encoding))
    source = read(file.read_bytes())
    assert source.text == text
    assert [note.detail for note in source.notes] == ([said] if said else [])
    result = run(app, "import", file, "--kind", "editorial")
    assert result.exit_code == 0
    assert (f"read as: {said}\n" in result.output) is bool(said)


@pytest.mark.parametrize(
    "raw",
    [
        "Ещё одна запись в старой кодировке терминала.".encode("cp866"),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        bytes(range(128, 256)),
        b"\xff\xfe\x00",
    ],
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableDocumentError, match="is not"):
        read(raw)


def test_word_numbers_restart_and_are_written_out() -> None:
    text, notes = docx.read(word.document(BAKERY))
    lines = text.split("\n")
    assert "1. Общие положения" in lines
    assert "3.1.2. исправить их, если они устарели или записаны с ошибкой;" in lines
    assert "• номер телефона;" in lines
    assert [note.reading for note in notes] == [Reading.DOCX]


def test_a_table_is_read_by_rows_and_said() -> None:
    cell = "<w:tc>{}</w:tc>".format
    row = f"<w:tr>{cell(word.paragraph('Имя'))}{cell(word.paragraph('один год'))}</w:tr>"
    text, notes = docx.read(word.archive(f"<w:tbl>{row}</w:tbl>"))
    assert text.strip() == "Имя | один год"
    assert Reading.TABLE in {note.reading for note in notes}


BODY = word.paragraph("Слова")
BOMB = '<!DOCTYPE d [<!ENTITY a "1"><!ENTITY b "&a;&a;">]><d>&b;</d>'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (word.archive(f"{BODY}<w:p><w:ins><w:r/></w:ins></w:p>"), "tracked changes"),
        (word.archive(f"{BODY}<w:p><w:r><w:footnoteReference/></w:r></w:p>"), "footnotes"),
        (word.raw_archive(BOMB), "document type"),
        (word.raw_archive("<d"), "broken"),
        (word.raw_archive("<d/>"), "not a DOCX document"),
        (word.raw_archive("<d>" * 5000 + "</d>" * 5000), "nested"),
        (word.archive(" " * (docx.LIMIT_PART_BYTES + 1)), "larger than 4 MiB"),
        (word.archive(word.paragraph("сл " * 400_000)), "larger than 1 MiB"),
        (b"PK\x03\x04 and nothing else", "not a readable DOCX"),
        (b"PK\x03\x04" + b"0" * docx.LIMIT_BYTES, "larger than 8 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_docx_that_cannot_be_placed_is_refused(raw: bytes, expected: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=expected):
        read(raw)


def test_an_archive_without_a_document_is_refused() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("notes.txt", "Слова")
    with pytest.raises(UnreadableDocumentError, match="not a DOCX document"):
        read(file.getvalue())


def test_headers_and_pictures_are_left_out_and_said() -> None:
    body = f"{BODY}<w:p><w:r><w:drawing/></w:r></w:p>"
    raw = BytesIO(word.archive(body))
    with zipfile.ZipFile(raw, "a") as made:
        made.writestr("word/header1.xml", "<h/>")
    _text, notes = docx.read(raw.getvalue())
    left_out = {note.detail for note in notes if note.reading is Reading.LEFT_OUT}
    assert left_out == {"page headers and footers", "pictures"}

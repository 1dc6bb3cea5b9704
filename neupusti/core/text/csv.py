"""CSV for spreadsheets, safe from formula injection (ASVS V1.2.10)."""

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain

MIMETYPE = "text/csv"
BOM = "\ufeff"
"""Shows spreadsheets that the text is UTF-8."""
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What begins a cell that is a formula, or ends it; full-width forms too, since some
programs normalise them before they evaluate. Apostrophes before it are those of `plain`,
or would be taken for them."""


class CsvError(ValueError):
    """The bytes are no table that we read."""


def csv_text(headings: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as RFC 4180 CSV, every cell plain text."""
    return "".join(csv_lines(headings, rows))


def csv_lines(
    headings: Iterable[object], rows: Iterable[Iterable[object]]
) -> Iterator[str]:
    """Yield the lines of `csv_text`, for a table that memory should not hold."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    out.write(BOM)
    for row in chain((headings,), rows):
        writer.writerow([plain(cell) for cell in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def plain(cell: object) -> str:
    """Return `cell` as text that a spreadsheet does not evaluate."""
    text = "" if cell is None else str(cell).replace("\0", "")
    return f"'{text}" if FORMULA.match(text) else text


def read(body: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows of a table in UTF-8, each with the number of its last line.

    The columns may be divided by commas, semicolons (as spreadsheets of Kazakhstan write
    them) or tabs; the first line decides. The guards of `plain` are taken off. Raise
    CsvError.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CsvError from None
    head = text.partition("\n")[0]
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True
    )
    try:
        return [(reader.line_num, [_bare(cell) for cell in row]) for row in reader if row]
    except csv.Error:
        raise CsvError from None


def _bare(cell: str) -> str:
    """Return `cell` without the apostrophe of `plain`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell

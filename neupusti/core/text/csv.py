"""CSV for spreadsheets, safe from formula injection (ASVS V1.2.10)."""

import csv
import re
from collections.abc import Iterable
from io import StringIO

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
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([plain(heading) for heading in headings])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()


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

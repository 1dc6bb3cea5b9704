"""CSV for spreadsheets, safe from formula injection (ASVS V1.2.10)."""

import csv
from collections.abc import Iterable
from io import StringIO

MIMETYPE = "text/csv"
BOM = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""First characters that make a cell a formula, or end it."""


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
    # Full-width forms count too: some programs normalise them before they evaluate.
    return (
        f"'{text}" if text.startswith((*FORMULA_PREFIXES, "＝", "＋", "－", "＠")) else text
    )

"""Tables for spreadsheets: CSV that no program reads as formulas (V1.2.10)."""

import csv
from collections.abc import Iterable
from io import StringIO

MIMETYPE = "text/csv"
BOM = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""What makes a cell a formula, or ends it, if it comes first."""


def csv_text(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a table as RFC 4180 wants it, every cell plain text."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([plain(head) for head in heads])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()


def plain(cell: object) -> str:
    """Return `cell` so that a spreadsheet shows it and calculates nothing."""
    text = "" if cell is None else str(cell).replace("\0", "")
    # A look-alike of full width counts too: some programs fold it before they read it.
    return f"'{text}" if text.startswith((*ACTIVE, "＝", "＋", "－", "＠")) else text

"""The parts of an export: the rows of each table, files, consents and recipients."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row, select

from neupusti.core.data import files, finding
from neupusti.core.data.finding import Whose
from neupusti.core.text import csv
from neupusti.core.web.operator import Operator
from neupusti.rights.service import (
    history,
    labels,
    pages,
    receipts,
    recipients,
    sections,
    terms,
)
from neupusti.rights.service.reading import HeldRows, Omission, ShownRow, plain
from neupusti.rights.service.second_road import Hits
from neupusti.rights.service.snapshot import Snapshot
from neupusti.rights.service.zipped import Zipped

ENCODER = json.JSONEncoder(default=plain, ensure_ascii=False)
FILE_CHUNK = 64 * 1024
WEBP = slice(8, 12)
"""Where a WebP file says that it is one (RFC 9649)."""


@dataclass(kw_only=True)
class Part:
    """One table in the export."""

    rows: HeldRows
    found: int
    exported: int = 0
    anothers: set[str] = field(default_factory=set)
    """Columns that were left out of a row, since they are about another person."""
    pages: int = 0

    @property
    def name(self) -> str:
        """What its rows are called."""
        return str(terms.name(self.rows.holding))

    @property
    def described(self) -> dict[str, Any]:
        """What the manifest says of it."""
        reasons = {**self.rows.omitted, **dict.fromkeys(self.anothers, Omission.ANOTHERS)}
        return {
            "table": self.rows.table.name,
            "clause": list(sections.clauses(self.rows.table)),
            "found": self.found,
            "exported": self.exported,
            "omitted": [{"column": c, "why": why} for c, why in sorted(reasons.items())],
        }


@dataclass(kw_only=True)
class Builder:
    """An export that is being built out of a snapshot."""

    data: Snapshot
    whose: Whose
    out: Zipped
    left: Hits
    """What the search found and no table of the export had so far."""
    parts: list[Part] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Files that a row names and that are gone, as the export would have called them."""

    @cached_property
    def recipients(self) -> tuple[str, ...]:
        """Who received anything of it."""
        return recipients.names(self.data.main, self.whose)

    def add_tables(self) -> None:
        """Write the rows of every table: for programs, for spreadsheets and to read."""
        for rows in sections.held(self.whose):
            if found := rows.count(self.data.main):
                part = Part(rows=rows, found=found)
                self.parts.append(part)
                self._add_table(part)

    def _add_table(self, part: Part) -> None:
        name, rows = part.rows.table.name, part.rows
        self.out.add(
            f"json/{name}.jsonl", "application/jsonl", self._json(part), part.found
        )
        names = [column.name for column in rows.columns]
        cells = ([row.tie, *_csv(names, row)] for row in rows.rows(self.data.main))
        lines = (line.encode() for line in csv.csv_lines(["tie", *names], cells))
        self.out.add(f"csv/{name}.csv", csv.MIMETYPE, lines, part.found)
        columns = [c for c in rows.columns if str(c) not in labels.ONLY_FOR_PROGRAMS]
        columns.sort(key=lambda column: labels.label(column) is None)
        shown = pages.table_pages(part.name, columns, rows.rows(self.data.main))
        for part.pages, page in enumerate(shown, 1):
            self.out.add(f"html/{name}-{part.pages}.html", pages.MEDIA, page)

    def _json(self, part: Part) -> Iterator[bytes]:
        left, columns = self.left.get(part.rows.table.name, set()), part.rows.columns
        for row in part.rows.rows(self.data.main):
            left.discard(row.key)
            part.exported += 1
            if len(row.values) < len(columns):
                part.anothers |= {c.name for c in columns} - row.values.keys()
            values = {"tie": row.tie, **row.values}
            yield f"{ENCODER.encode(values)}\n".encode()

    def add_files(self) -> None:
        """Copy the file of each row that has one, or name it among the missing."""
        for rows in sections.held(self.whose):
            if (kind := rows.holding.file) is not None:
                for number, row in enumerate(self._own(rows), 1):
                    self._add_file(kind, row.name, f"{rows.table.name}-{number}")

    def _own(self, rows: HeldRows) -> list[Row[Any]]:
        own = select(rows.table).where(finding.own(rows.table, self.whose))
        return list(self.data.main.execute(own.order_by(*rows.table.primary_key.columns)))

    def _add_file(self, kind: str, stored: str, name: str) -> None:
        try:
            file = files.opened(kind, stored).body
        except OSError:
            self.missing.append(name)
            return
        with file:
            head = file.read(WEBP.stop)
            file.seek(0)
            ending, media = ("webp", "image/webp") if head[WEBP] == b"WEBP" else _UNKNOWN
            chunks = iter(lambda: file.read(FILE_CHUNK), b"")
            self.out.add(f"files/{name}.{ending}", media, chunks)

    def add_consents(self, operator: Operator, base_url: str) -> None:
        """Write the exact words of each consent, and a receipt of it."""
        for one in receipts.consents(self.data.main, self.whose):
            name = f"consent-{one.row.id}"
            self.out.add(f"words/{name}.txt", "text/plain", [one.words])
            receipt = one.receipt(operator, base_url)
            self.out.text(f"receipts/{name}.json", "application/json", receipt)

    def add_recipients(self) -> None:
        """Write who received which field of which order."""
        heads = ("at", "recipient", "order", "field", "clause", "channel")
        cells = (
            (
                one.at.isoformat(),
                one.recipient,
                one.order,
                one.field,
                one.clause,
                one.channel,
            )
            for one in recipients.received(self.data.main, self.whose)
        )
        lines = (line.encode() for line in csv.csv_lines(heads, cells))
        self.out.add("recipients.csv", csv.MIMETYPE, lines)

    def add_history(self) -> None:
        """Write what was done with the data."""
        cells = history.lines(self.data.main, self.whose)
        lines = (line.encode() for line in csv.csv_lines(history.HEADS, cells))
        self.out.add("history.csv", csv.MIMETYPE, lines)


_UNKNOWN = ("bin", "application/octet-stream")


def _csv(names: list[str], row: ShownRow) -> list[Any]:
    return [plain(row.values.get(name, labels.ANOTHERS)) for name in names]

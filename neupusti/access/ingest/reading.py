"""Read, parse and count the lines of a log, without a database."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from neupusti.access.ingest.batch import Batch, Enrichment, Row
from neupusti.access.ingest.findings.paths import STATIC
from neupusti.access.ingest.findings.verdict import Verdict
from neupusti.access.ingest.logfields import MalformedError, cached
from neupusti.access.ingest.logfile import LogFile
from neupusti.access.ingest.resuming import Progress
from neupusti.access.recording.line import STATIC_ROUTE, Entry

BATCH_LINES = 40_000
"""How many lines go into one transaction."""
PART_LINES = 2_000
"""How many of them are in memory as rows."""
PART_VISITS = 4_000
"""How many visits are sent and counted at a time."""


@dataclass(slots=True)
class Part:
    """Some lines, read and counted."""

    rows: list[Row]
    requests: int
    malformed: Counter[str]
    bytes_read: int
    """Of the file itself, compressed or not."""
    more: bool = True
    unterminated: bool = False
    truncated: bool = False
    counts: tuple[Batch, ...] = ()
    """The last parts of a transaction have the counts of all its lines; scanners' apart."""
    verdict: Verdict | None = None
    """Of all lines of a transaction, with its last part."""
    position: int = 0
    lines: int = 0
    digest: str = ""
    """Until here the file was read: see `Progress`."""


@dataclass(slots=True)
class Reader:
    """Reads a log from the place that `progress` says, and moves it on."""

    file: LogFile
    progress: Progress
    parse: Callable[[str], Entry]
    redact: Callable[[Entry], None]
    enrichment: Enrichment

    def parts(self) -> Iterator[Part]:
        """Yield the rest of the file."""
        counts, lines = self._new_counts(), self.file.lines(_limit(0))
        held = 0
        while lines:
            part = self._count(lines, *counts)
            held += len(lines)
            lines = self.file.lines(_limit(held))
            if held == BATCH_LINES or not lines:
                for batch in counts[:2]:
                    for some in batch.take_visits(PART_VISITS):
                        yield Part([], 0, Counter(), part.bytes_read, counts=(some,))
                part.counts, part.verdict = counts[:2], counts[2]
                counts, held = self._new_counts(), 0
            part.more = bool(lines)
            part.unterminated, part.truncated = self.file.unterminated, self.file.truncated
            yield part

    def _new_counts(self) -> tuple[Batch, Batch, Verdict]:
        enrichment = self.enrichment
        of_scanners = enrichment.batch((), enrichment.judge.scanners)
        return enrichment.batch(), of_scanners, Verdict()

    def _count(
        self, lines: list[bytes], batch: Batch, of_scanners: Batch, verdict: Verdict
    ) -> Part:
        progress = self.progress
        entries, malformed = parse_lines(self.file.decoded(lines), self.parse)
        for entry in entries:
            self.redact(entry)
        progress.digest.update(b"".join(lines))
        progress.position += sum(map(len, lines))
        progress.lines += len(lines)
        others, theirs = self.enrichment.judge.split(entries, verdict)
        batch.add(others)
        of_scanners.add(theirs)
        return Part(
            batch.take_rows() + of_scanners.take_rows(),
            len(entries), malformed, self.file.position(),
            position=progress.position, lines=progress.lines,
            digest=progress.digest.hexdigest(),
        )  # fmt: skip


def _limit(held: int) -> int:
    """Return how many lines to read next, when a transaction has so many already."""
    return min(PART_LINES, BATCH_LINES - held % BATCH_LINES)


def parse_lines(
    lines: Iterable[str], parse: Callable[[str], Entry]
) -> tuple[list[Entry], Counter[str]]:
    """Return the entries of some lines, and the number of malformed ones by reason."""
    entries, malformed = [], Counter[str]()
    for text in lines:
        try:
            entries.append(parse(text))
        except MalformedError as error:
            malformed[str(error)] += 1
    return entries, malformed


def redactor(hide: Callable[[str], str]) -> Callable[[Entry], None]:
    """Return what hides secrets in the path and the referrer, and marks static files."""
    hidden = cached(hide)

    @cached
    def place(path: str) -> tuple[str, str]:
        return hide(path), STATIC_ROUTE if STATIC.search(path) else ""

    def redact(entry: Entry) -> None:
        entry.path, entry.route = place(entry.path)
        entry.referrer = hidden(entry.referrer)

    return redact

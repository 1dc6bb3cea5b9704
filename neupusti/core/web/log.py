"""The configuration of the log: key=value lines with the request id, on standard error.

No line holds personal data: no address, cookie, query, form or email.
"""

import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flask import has_request_context, request

from neupusti.core.web.edge import REQUEST_ID

PLAIN = re.compile(r"[\w./:@+-]+", re.ASCII)
FRAMES = 12
"""How many of an exception's innermost frames are logged."""


class KeyValue(logging.Formatter):
    """Formats `at=… level=… logger=… request=… event=…` and the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as exactly one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if has_request_context():
            fields["request"] = request.environ.get(REQUEST_ID, "-")
        fields["event"] = record.getMessage()
        fields |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            fields["trace"] = trace(record.exc_info[1])
        return " ".join(f"{key}={quoted(str(value))}" for key, value in fields.items())


def trace(error: BaseException) -> str:
    """Return type and frames of `error` and of its causes, innermost last.

    Messages are left out: they may quote personal data.
    """
    return " < ".join(_describe(link) for link in _chain(error))


def _describe(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    locations = (
        f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in frames
    )
    return " ".join((type(error).__name__, *locations))


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def quoted(text: str) -> str:
    """Return `text` bare if plain, else quoted, with controls and bidi marks escaped."""
    if PLAIN.fullmatch(text):
        return text
    safe = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
    return '"' + safe.replace('"', "'") + '"'


def configure() -> None:
    """Send this package's log, and the warnings of libraries, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValue())
    logger = logging.getLogger("neupusti")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    # Else unconfigured libraries would print their own messages and tracebacks.
    others = logging.StreamHandler()
    others.setFormatter(KeyValue())
    others.setLevel(logging.WARNING)
    logging.lastResort = others

"""One configuration of the log: key=value lines with the request id, on standard error.

No line holds personal data: no address, no cookie, no query, no form, no e-mail.
"""

import logging
import re
from datetime import UTC, datetime

from flask import has_request_context, request

from neupusti.core.edge import REQUEST_ID

PLAIN = re.compile(r"[\w./:@+-]+", re.ASCII)


class KeyValue(logging.Formatter):
    """Formats `at=… level=… logger=… request=… event=…` and the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, whatever the record holds."""
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
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return " ".join(f"{key}={quoted(str(value))}" for key, value in fields.items())


def quoted(text: str) -> str:
    """Return `text` bare if plain, else quoted, with controls and bidi marks escaped."""
    if PLAIN.fullmatch(text):
        return text
    safe = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
    return '"' + safe.replace('"', "'") + '"'


def configure() -> None:
    """Send the log of this package and of the server's errors to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValue())
    logger = logging.getLogger("neupusti")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False

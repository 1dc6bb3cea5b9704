"""Format rows as lines of a combined log, which every log analyser reads."""

from typing import Any
from urllib.parse import quote

from neupusti.access.ingest.findings.identity import mask_address
from neupusti.access.ingest.logfields import MONTHS
from neupusti.core.clock import ALMATY

UNESCAPED = "/!$&'()*+,;=:@"
"""Characters of a path left unescaped (RFC 3986); a space would break the line."""


def format_line(row: Any, *, whole: bool) -> str:
    """Return the line of `row`; its address is masked unless `whole`."""
    local = row.at.astimezone(ALMATY)
    stamp = f"{local:%d}/{MONTHS[local.month - 1]}/{local:%Y:%H:%M:%S %z}"
    path = quote(row.path, safe=UNESCAPED)
    request = f"{row.method} {path} HTTP/1.1" if row.method else row.path
    ip = row.ip if whole else mask_address(row.ip)
    return (
        f'{ip} - - [{stamp}] "{escape(request)}" {row.status} {row.bytes} '
        f'"{escape(row.referrer) or "-"}" "{escape(row.user_agent or "") or "-"}"\n'
    )


def escape(text: str) -> str:
    """Escape quotes, backslashes and controls as hex, as nginx does."""
    return "".join(c if c.isprintable() and c not in '"\\' else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in character.encode("utf-8", "replace"))

"""Check a deployment from outside and inside: what `flask site doctor` prints."""

import ctypes
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from neupusti.core.web.edge import HEADERS

SECONDS = 20
"""The timeout of one request."""
PHOTO_BYTES = 4_000_000
PICTURE_PATH = "/account/avatar"
BOUNDARY = "doctor"
CHOSEN_BY_VIEWS = frozenset({"Cache-Control", "Server"})
REQUEST_ID = "X-Request-Id"
"""The site sets it; what has none was said by a proxy."""
LEAST_FREE = 1024**3
OLDEST_BACKUP = timedelta(hours=26)
"""A day, and the time that a backup takes."""
LARGEST_DRIFT = timedelta(seconds=2)
UNSYNCHRONISED = 5
"""The state TIME_ERROR of adjtimex(2)."""
TIMEX_BYTES = 256
"""Not less than `struct timex` on any architecture of Linux."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    sound: bool
    text: str


def from_outside(base_url: str, hsts: str) -> Iterator[Finding]:
    """Ask the site at its public address, through whatever stands in front of it."""
    try:
        status, headers = _ask(base_url, "GET", "/policy/")
        yield Finding("page", status == 200, f"{base_url}/policy/ answers {status}")  # noqa: PLR2004
        yield _headers(headers, hsts)
        yield _photo(base_url)
    except (OSError, HTTPException) as error:
        yield Finding("page", sound=False, text=f"{base_url} does not answer: {error}")


def _ask(base_url: str, method: str, path: str, body: bytes = b"") -> tuple[int, Message]:
    parts = urlsplit(base_url)
    made: HTTPConnection
    if parts.scheme == "https":
        tls = ssl.create_default_context()
        made = HTTPSConnection(parts.netloc, timeout=SECONDS, context=tls)
    else:
        made = HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body else {}
        made.request(method, path, body or None, kind)
        response = made.getresponse()
        response.read()
        return response.status, response.headers
    finally:
        made.close()


def _headers(found: Message, hsts: str) -> Finding:
    wanted = {name: value for name, value in HEADERS if name not in CHOSEN_BY_VIEWS}
    if hsts:
        wanted["Strict-Transport-Security"] = hsts
    wrong = [name for name in wanted if found.get_all(name) != [wanted[name]]]
    wrong += [name for name in (REQUEST_ID,) if name not in found]
    if any(character.isdigit() for character in found.get("Server", "")):
        wrong.append("Server")
    told = f"missing or changed: {', '.join(wrong)}" if wrong else "as the site sets them"
    return Finding("headers", not wrong, told)


def _photo(base_url: str) -> Finding:
    """Send a photo as a stranger: it must be the site that refuses it, not a proxy."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; '
        f'filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body = head.encode() + bytes(PHOTO_BYTES) + f"\r\n--{BOUNDARY}--\r\n".encode()
    try:
        status, headers = _ask(base_url, "POST", PICTURE_PATH, body)
    except (OSError, HTTPException) as error:
        return Finding("photo", sound=False, text=f"4 MB do not get through: {error}")
    reached = REQUEST_ID in headers
    told = "4 MB reach the site" if reached else f"a proxy answers 4 MB with {status}"
    return Finding("photo", reached, told)


def databases(states: Mapping[str, str]) -> Iterator[Finding]:
    """Report the states of `/readyz`."""
    for name, state in states.items():
        yield Finding(f"database {name}", state == "ok", state)


def jobs(wrong: Mapping[str, str]) -> Finding:
    """Report the background jobs that stand still, by name."""
    told = "; ".join(f"{name} {what}" for name, what in wrong.items())
    return Finding("jobs", not wrong, told or "each has run when it should have")


def clocks(engine: Engine, now: datetime) -> Iterator[Finding]:
    """Compare the clock of this machine with others: terms and codes depend on it."""
    known = is_synchronised()
    told = "synchronised" if known else "not synchronised: chrony keeps it so"
    yield Finding("clock", known, told)
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            theirs: datetime = connection.scalar(text("SELECT clock_timestamp()"))
        drift = abs(theirs - now)
        told = f"{drift.total_seconds():.1f} s from that of the database"
        yield Finding("clock", drift <= LARGEST_DRIFT, told)


def is_synchronised() -> bool:
    """Return whether the kernel knows its clock to be synchronised (adjtimex(2))."""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    state: int = ctypes.CDLL(None).adjtimex(timex)
    return 0 <= state < UNSYNCHRONISED


def decisions(problem: str) -> Finding:
    """Report whether the database lacks what people decided (`core.web.gate`)."""
    told = problem or "the database knows every one"
    return Finding("decisions", not problem, told)


def disk(free: int) -> Finding:
    """Report the bytes left for the data."""
    return Finding("disk", free >= LEAST_FREE, f"{free / 1024**3:.1f} GiB left")


def backup(folder: str, now: datetime) -> Finding:
    """Report how old the newest file in the folder of the backups is."""
    if not folder:
        return Finding("backup", sound=False, text="NEUPUSTI_BACKUPS names no folder")
    try:
        found = [file.stat().st_mtime for file in Path(folder).iterdir() if file.is_file()]
    except OSError as error:
        return Finding("backup", sound=False, text=f"{folder}: {error.strerror}")
    if not found:
        return Finding("backup", sound=False, text=f"{folder} is empty")
    age = now - datetime.fromtimestamp(max(found), now.tzinfo)
    hours = age.total_seconds() / 3600
    return Finding("backup", age <= OLDEST_BACKUP, f"the newest is {hours:.0f} h old")

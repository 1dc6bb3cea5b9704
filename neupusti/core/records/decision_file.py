"""The file of decisions: what was decided about people, outside both databases (6.1.3).

A restored backup knows nothing of what was decided after it was made; this file does. It
only grows. A line is the body, a space and its signature. The body is JSON; it holds the
SHA-256 of the body before it, and no address but its keyed hash.

A signature of a secret that is lost cannot be checked: such a line is as sound as the
later one that is signed with a known secret and follows from it.
"""

import errno
import fcntl
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from flask import current_app

from neupusti.core import clock
from neupusti.core.data import disk, keys
from neupusti.core.data.finding import Whose
from neupusti.core.data.keys import LostSecretError
from neupusti.core.records.chain import START

NAME = "decisions.log"
SIGNING, HASHING = "decisions", "decided address"
"""The uses of the keys for the signature and for addresses."""
LONGEST = 16 * 1024
"""Bytes of a line; so its end is found without reading the file from its beginning."""
REPAIRED = "repaired"
"""Half a line at the end, left by a process that was killed, was cut off."""
VOUCHED = "vouched"
"""A new secret of the site signs the line before it, and so all that are before."""
ACCEPTED = "accepted"
"""An operator has looked at what is wrong before this line, and said why."""


class UnrecordedError(OSError):
    """A decision cannot be recorded; what it is about must not be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """One line: a decision, or what became of it."""

    n: int
    at: datetime
    kind: str
    person: int | None = None
    hash: str = ""
    """The keyed hash of `core.text.emails.key` of the address."""
    made_with: str = ""
    """The secret of both keys, by its name (`core.data.keys`)."""
    ref: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    previous: str = START
    email_key: str | None = None
    """Whose hash it is, found in the database when it is carried out again."""
    is_interrupted: bool = False
    is_overtaken: bool = False
    """Whether nobody knows what became of it; and a later one about them was done."""

    @property
    def whose(self) -> Whose:
        """Whom it is about, as far as the database knows them."""
        return Whose(person=self.person, email_key=self.email_key)

    @property
    def body(self) -> bytes:
        """The text that is signed."""
        values = {
            "n": self.n,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "person": self.person,
            "hash": self.hash,
            "with": self.made_with,
            "ref": self.ref,
            "values": dict(self.values),
            "previous": self.previous,
        }
        return json.dumps(values, separators=(",", ":")).encode()

    @property
    def chain(self) -> str:
        """The SHA-256 of the body."""
        return sha256(self.body).hexdigest()

    @classmethod
    def parse(cls, body: bytes) -> "DecisionLine":
        """Read a body; raise ValueError, KeyError, TypeError for another text."""
        read = json.loads(body)
        read["made_with"] = read.pop("with")
        line = cls(**{**read, "at": datetime.fromisoformat(read["at"])})
        if type(line.n) is not int or not isinstance(line.ref, str):
            raise TypeError("a line has a number")
        return line


@dataclass(frozen=True, slots=True)
class Read:
    """A line as it stands in the file."""

    line: DecisionLine | None
    """None: what stands there is no line."""
    chain: str
    """The SHA-256 of its body."""
    signed: bool | None
    """Whether the signature is that of its secret; None: that secret is lost."""
    follows: bool
    """Whether it follows from the line before it."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the file."""

    n: int = 0
    chain: str = START
    size: int = 0
    half: int = 0
    """Bytes up to the end of the last whole line, and after it."""
    made_with: str = ""
    """The secret by which the last line is signed."""


def path() -> Path:
    """Return the path of the file."""
    return Path(current_app.instance_path) / NAME


def append(kind: str, *, email_key: str | None = None, **values: object) -> DecisionLine:
    """Write a line durably to the end, and return it.

    Several processes may append at a time. Raise UnrecordedError; then nothing is left.
    """
    with _locked() as file:
        tail = _tail(file)
        if tail.half:
            os.ftruncate(file, tail.size)
            tail = _write(file, tail, REPAIRED, values={"bytes": str(tail.half)})[1]
        return _write(file, tail, kind, email_key=email_key, **values)[0]


def vouch() -> None:
    """Sign the lines of a former secret with the present one. Raise UnrecordedError."""
    if end().made_with not in {"", keys.name()}:
        append(VOUCHED)


def accept(n: int, chain: str, values: Mapping[str, str]) -> None:
    """Accept all there is, and go on after number `n`, whose body has this SHA-256.

    What is wrong stays in the file. Raise UnrecordedError.
    """
    with _locked() as file:
        if _last_bytes(file)[-1:] not in {b"", b"\n"}:
            os.write(file, b"\n")
        _write(file, Tail(n, chain, os.fstat(file).st_size), ACCEPTED, values=values)


def read(file: Path | None = None) -> Iterator[Read]:
    """Yield each whole line of this file, or of a copy of it. Raise OSError."""
    signers: dict[str, bytes | None] = {}
    previous = START
    with suppress(FileNotFoundError), (file or path()).open("rb") as lines:
        for text in lines:
            if not text.endswith(b"\n"):
                return
            found = _read(text[:-1], previous, signers)
            yield found
            previous = found.chain


def end() -> Tail:
    """Return where the file ends. Raise UnrecordedError."""
    with _telling(), suppress(FileNotFoundError), path().open("rb") as file:
        return _tail(file.fileno())
    return Tail()


def half(file: Path | None = None) -> int:
    """Return the bytes of half a line at the end. Raise OSError."""
    with suppress(FileNotFoundError), (file or path()).open("rb") as opened:
        return len(_last_bytes(opened.fileno()).rpartition(b"\n")[2])
    return 0


def hashers() -> dict[str, bytes]:
    """Return the keys of addresses, by the names of the known secrets."""
    return {name: keys.named(HASHING, name) for name in keys.names()}


def hashed(email_key: str, key: bytes) -> str:
    """Return the keyed hash that stands for an address in the file."""
    return hmac.digest(key, email_key.encode(), "sha256").hex()


@contextmanager
def _locked() -> Iterator[int]:
    home = path()
    is_new = not home.exists()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    with _telling(), os.fdopen(os.open(home, flags, 0o600), "rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        if is_new:
            disk.sync_folder(home.parent)
        yield opened.fileno()


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnrecordedError(error.errno, error.strerror, str(path())) from error


def _tail(file: int) -> Tail:
    size = os.fstat(file).st_size
    whole, newline, rest = _last_bytes(file).rpartition(b"\n")
    if not newline:
        if size > LONGEST:
            raise _damaged()
        return Tail(half=size)
    body, _space, _signature = whole.rpartition(b"\n")[2].rpartition(b" ")
    try:
        line = DecisionLine.parse(body)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged() from error
    return Tail(line.n, line.chain, size - len(rest), len(rest), line.made_with)


def _last_bytes(file: int) -> bytes:
    return os.pread(file, 2 * LONGEST, max(0, os.fstat(file).st_size - 2 * LONGEST))


def _damaged() -> UnrecordedError:
    return UnrecordedError(errno.EIO, "the file of decisions is damaged", str(path()))


def _write(
    file: int, tail: Tail, kind: str, *, email_key: str | None = None, **values: object
) -> tuple[DecisionLine, Tail]:
    name = keys.name()
    line = DecisionLine(
        **{  # type: ignore[arg-type]  # the fields of `append`
            "n": tail.n + 1,
            "at": clock.now(),
            "kind": kind,
            "hash": hashed(email_key, keys.named(HASHING, name)) if email_key else "",
            "made_with": name,
            "previous": tail.chain,
            **values,
        }
    )
    body = line.body
    text = body + b" " + _signature(keys.named(SIGNING, name), body) + b"\n"
    if len(text) > LONGEST or b"@" in text:
        raise ValueError("a decision is short, and holds no address")
    try:
        if os.write(file, text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301
        os.fsync(file)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(file, tail.size)
        raise
    return line, Tail(line.n, line.chain, tail.size + len(text), made_with=name)


def _read(text: bytes, previous: str, signers: dict[str, bytes | None]) -> Read:
    body, _space, signature = text.rpartition(b" ")
    chain = sha256(body).hexdigest()
    try:
        line = DecisionLine.parse(body)
    except (ValueError, KeyError, TypeError):
        return Read(None, chain, signed=False, follows=False)
    if line.made_with not in signers:
        signers[line.made_with] = _signer(line.made_with)
    key = signers[line.made_with]
    signed = None if key is None else hmac.compare_digest(_signature(key, body), signature)
    return Read(line, chain, signed, line.previous == previous)


def _signer(name: str) -> bytes | None:
    try:
        return keys.named(SIGNING, name)
    except LostSecretError:
        return None


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256").hex().encode()

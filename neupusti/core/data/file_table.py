"""The files of a site on PostgreSQL: in a table, so that each of its machines has them.

A file is stored in parts, so that none has to be held in memory as a whole. Each kind has
a partition of its own: what goes of one is wiped without writing the others anew.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from flask import has_request_context
from psycopg.pq import Format
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    String,
    and_,
    column,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import REGCLASS, insert
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core import clock
from neupusti.core.data import disk, postgresql
from neupusti.core.data.classification import Moment, Purpose, impersonal, personal
from neupusti.core.data.database import Base, db
from neupusti.core.data.file_folder import OpenedFile
from neupusti.core.data.waiting import BUSY_SECONDS, writer_slot

PART_BYTES = 256 * 1024
"""Of each part but the last. A reader counts on it: it never changes."""
SPOOLED_BYTES = 1024 * 1024
"""A larger file is written to the local disk first, under no name."""
BATCH = 500
FEW = 8
"""Parts that a search of all files has in memory."""
OTHERS = "file_part_others"
"""The partition of the kinds that have none of their own."""
PUBLIC = ("photos",)
"""The kinds that everybody may see."""
WHOSE = personal("3.2.6", Purpose.PERSONAL_PAGES)


class FilePart(Base):
    """A part of a stored file. On SQLite there are none: the data folder has the files."""

    __tablename__ = "file_part"
    __table_args__ = {"postgresql_partition_by": "LIST (kind)"}  # noqa: RUF012 - SQLAlchemy's

    kind: Mapped[str] = mapped_column(String(20), primary_key=True, info=impersonal())
    name: Mapped[str] = mapped_column(String(48), primary_key=True, info=WHOSE)
    part: Mapped[int] = mapped_column(Integer, primary_key=True, info=impersonal())
    at: Mapped[Moment]
    """When the file was stored."""
    body: Mapped[bytes] = mapped_column(LargeBinary, info=WHOSE)


class TableStore:
    """Files in the main database. All may raise what SQLAlchemy raises."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def replacing(self, kind: str, name: str) -> Iterator[BinaryIO]:
        """Write a whole file in a block, or nothing. Raise OSError.

        What has the name already is replaced, and counts as stored now.
        """
        with SpooledTemporaryFile(SPOOLED_BYTES, dir=str(disk.home())) as spooled:
            out = cast("BinaryIO", spooled)
            yield out
            out.seek(0)
            put(self.engine, (kind, name), out)

    def read(self, kind: str, name: str) -> bytes:
        """Return a file; raise FileNotFoundError."""
        parts = select(FilePart.body).where(_is(kind, name)).order_by(FilePart.part)
        with _reading(self.engine) as connection:
            found = connection.scalars(parts).all()
        if not found:
            raise FileNotFoundError
        return b"".join(found)

    def opened(self, kind: str, name: str) -> OpenedFile:
        """Open a file; raise FileNotFoundError, and OSError where it goes meanwhile."""
        length = func.sum(func.octet_length(FilePart.body))
        whole = select(length, func.max(FilePart.at)).where(_is(kind, name))
        with _reading(self.engine) as connection:
            size, at = connection.execute(whole).one()
        if size is None:
            raise FileNotFoundError
        parts = _Parts(self.engine, kind, name, size)
        body = cast("BinaryIO", io.BufferedReader(parts, PART_BYTES))
        return OpenedFile(body, size, at)

    def exists(self, kind: str, name: str) -> bool:
        """Return whether a file is there."""
        first = select(FilePart.part).where(_is(kind, name), FilePart.part == 0)
        with _reading(self.engine) as connection:
            return connection.scalar(first) is not None

    def destroy(self, kind: str, name: str) -> None:
        """Delete a file, if it is there."""
        with self.engine.begin() as connection:
            connection.execute(delete(FilePart).where(_is(kind, name)))

    def listed(self, kind: str) -> dict[str, datetime]:
        """Return name -> when it was stored."""
        rows = select(FilePart.name, FilePart.at).where(FilePart.kind == kind)
        with _reading(self.engine) as connection:
            found = connection.execute(rows.where(FilePart.part == 0))
            return {name: at for name, at in found}  # noqa: C416 - rows, not tuples

    def destroy_old(self, kind: str, names: Iterable[str], before: datetime) -> int:
        """Delete those of `names` that were stored before a moment; return how many.

        The moment is asked of each row as it is deleted: what another machine stores again
        meanwhile stays, so no lock has to span the machines.
        """
        listed, count = sorted(names), 0
        for start in range(0, len(listed), BATCH):
            some = FilePart.name.in_(listed[start : start + BATCH])
            gone = delete(FilePart).where(FilePart.kind == kind, some, FilePart.at < before)
            with self.engine.begin() as connection:
                deleted = connection.scalars(gone.returning(FilePart.part))
                count += sum(part == 0 for part in deleted)
        return count


class _Parts(io.RawIOBase):
    """The bytes of one file, each part read when it is wanted.

    No connection is held between two parts: whoever downloads may be slow.
    """

    def __init__(self, engine: Engine, kind: str, name: str, size: int) -> None:
        self.engine, self.kind, self.name, self.size = engine, kind, name, size
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        self.at = max(start + offset, 0)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self.at >= self.size:
            return 0
        part, begin = divmod(self.at, PART_BYTES)
        piece = func.substr(FilePart.body, begin + 1, len(buffer))
        wanted = select(piece).where(_is(self.kind, self.name), FilePart.part == part)
        # While an answer is sent there is no request any more that limits it.
        with (
            postgresql.limited(postgresql.JOB_SECONDS),
            _reading(self.engine) as connection,
        ):
            found: bytes | None = connection.scalar(wanted)
        if not found:
            raise OSError("a stored file has gone while it was read")
        buffer[: len(found)] = found
        self.at += len(found)
        return len(found)


def partitions(connection: Connection, kinds: Iterable[str]) -> set[str]:
    """Return the names of the tables that hold files of `kinds`."""
    tree = select(column("relid").cast(REGCLASS).cast(String)).select_from(
        func.pg_partition_tree(FilePart.__tablename__)
    )
    found = set(connection.scalars(tree.where(column("isleaf"))))
    wanted = {f"{FilePart.__tablename__}_{kind}" for kind in kinds}
    return {name if name in found else OTHERS for name in wanted}


def bodies() -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield `kind/name` and the parts of every file, each before the next is asked for.

    Without those that everybody may see: they are about goods, and are by far the most.
    """
    rows = select(FilePart.kind, FilePart.name, FilePart.body).where(
        FilePart.kind.not_in(PUBLIC)
    )
    rows = rows.order_by(FilePart.kind, FilePart.name, FilePart.part)
    with _binary(db.engine.connect()) as connection:
        streamed = connection.execution_options(yield_per=FEW).execute(rows)
        for (kind, name), parts in groupby(streamed, itemgetter(0, 1)):
            yield f"{kind}/{name}", (row.body for row in parts)


def put(
    engine: Engine, key: tuple[str, str], body: BinaryIO, at: datetime | None = None
) -> None:
    """Store the rest of `body` as the file `key`, in one transaction."""
    brief = has_request_context()
    with (
        writer_slot(postgresql.WRITE_SECONDS if brief else BUSY_SECONDS),
        engine.begin() as connection,
    ):
        _put(connection, key, body, at or clock.now())


def _put(
    connection: Connection, key: tuple[str, str], body: BinaryIO, at: datetime
) -> None:
    (kind, name), parts = key, 0
    new = insert(FilePart)
    values = {"at": new.excluded.at, "body": new.excluded.body}
    key_columns = [FilePart.kind, FilePart.name, FilePart.part]
    stored = new.on_conflict_do_update(index_elements=key_columns, set_=values)
    while (piece := body.read(PART_BYTES)) or not parts:
        row = {"kind": kind, "name": name, "part": parts, "at": at, "body": piece}
        connection.execute(stored, row)
        parts += 1
    connection.execute(delete(FilePart).where(_is(kind, name), FilePart.part >= parts))


def _reading(engine: Engine) -> Connection:
    return _binary(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))


def _binary(connection: Connection) -> Connection:
    """Let the server send bytes as bytes: as text each would be two, to be decoded here."""
    event.listen(connection, "before_cursor_execute", _ask_for_bytes)
    return connection


def _ask_for_bytes(_connection: object, cursor: Any, *_: object) -> None:
    cursor.format = Format.BINARY


def _is(kind: str, name: str) -> ColumnElement[bool]:
    return and_(FilePart.kind == kind, FilePart.name == name)

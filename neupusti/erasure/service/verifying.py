"""Look for what is left of a person: by SQL over the live schema, and in raw bytes.

A search that finds nothing may be blind: an index can keep words cut or compressed. So the
end of each word is searched for as well, in each form in which a file may hold it, unless
it is the end of somebody else's word, too.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Table, and_, cast, or_, select, text
from sqlalchemy.types import String

from neupusti.core.data import disk, file_table, finding, postgresql
from neupusti.core.data.database import Utc, db
from neupusti.core.data.finding import Whose
from neupusti.core.registry import registry
from neupusti.erasure.models import Erasure, ErasureKept
from neupusti.erasure.service.sealing import Known
from neupusti.rights.service import second_road
from neupusti.rights.service.second_road import Keys
from neupusti.rights.service.snapshot import Snapshot, snapshot

SUFFIX = 9
CHUNK = 8 * 1024 * 1024
STATISTICS = text(
    """SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public' AND (
    most_common_vals::text ILIKE :needle OR histogram_bounds::text ILIKE :needle)"""
)

Places = dict[str, int]
"""Table, file or column -> in how many rows or forms something is there."""
Words = dict[str, Counter[str]]
"""File or column -> each word that is there, and in how many forms."""


@postgresql.whole_table()
def left(due: Mapping[int, tuple[Erasure, Known]]) -> dict[int, Places]:
    """Return number of each erasure -> where something is left; empty: nothing is.

    One search serves them all. What a law keeps, what is another's, and what the same
    person gave later is not left.
    """
    wanted = frozenset(one for _erasure, known in due.values() for one in known.needles)
    found: dict[int, Places] = {number: {} for number in due}
    if not wanted:
        return found
    with snapshot() as data:
        seen = second_road.search(data, wanted)
        for number, (erasure, known) in due.items():
            for table, rows in seen.of(known.needles).items():
                if unexplained := rows - _explained(data, erasure, known, table, rows):
                    found[number][table] = len(unexplained)
        unseen = wanted - seen.by_needle.keys()
        ends = frozenset(map(end_of, unseen))
        shared = second_road.search(data, ends).by_needle if ends else {}
    if db.engine.dialect.name == "sqlite":
        raw = in_files(disk.home(), unseen, shared)
    else:
        raw = _in_statistics(unseen) | in_database(unseen, shared)
    for number, (_erasure, known) in due.items():
        for place, words in raw.items():
            if forms_left := sum(words[one] for one in known.needles):
                found[number][place] = forms_left
    return found


def in_files(home: Path, wanted: Iterable[str], shared: Container[str] = ()) -> Words:
    """Return each file below `home` with some of `wanted` -> in how many forms it is there.

    Ends that are `shared` with words that stay are not searched for, nor is what a check of
    a backup has unpacked: that goes at its end, and backups by their own day.
    """
    patterns, found = _patterns(wanted, shared), {}
    for path in sorted(home.rglob("*")) if patterns else ():
        if path.relative_to(home).parts[0].startswith("."):
            continue
        if path.is_file() and (seen := _among(_chunks(path), patterns)):
            found[str(path.relative_to(home))] = seen
    return found


def in_database(wanted: Iterable[str], shared: Container[str] = ()) -> Words:
    """Return the same of the files in the database but those that everybody may see."""
    patterns, found = _patterns(wanted, shared), {}
    for name, parts in file_table.bodies() if patterns else ():
        if seen := _among(parts, patterns):
            found[name] = seen
    return found


def _patterns(wanted: Iterable[str], shared: Container[str]) -> dict[bytes, set[str]]:
    """Return each form to search for -> the words of which it is one."""
    patterns: dict[bytes, set[str]] = {}
    for one in wanted:
        for word in {one, end_of(one)}:
            for form in forms(word) if word not in shared else ():
                patterns.setdefault(form, set()).add(one)
    return patterns


def forms(text: str) -> set[bytes]:
    """Return the bytes of a text, in each encoding a file may have."""
    texts = {text, text.casefold(), text.upper()}
    plain = {one.encode() for one in texts}
    quoted = {quote(one, safe="").encode() for one in texts}
    return plain | quoted | {form for one in plain for form in _in_base64(one)}


def end_of(word: str) -> str:
    """Return the last signs of a word: of an address, those before its domain."""
    local = word.partition("@")[0]
    return local[-SUFFIX:] if len(local) >= SUFFIX else word


def _in_base64(word: bytes) -> Iterator[bytes]:
    """Yield what a word looks like in base64 at each of the three places it can begin.

    Without the signs at either end that depend on what stands beside it.
    """
    for shift in range(3):
        coded = b64encode(b"\0" * shift + word)
        first, last = (0, 2, 3)[shift], 4 * ((shift + len(word)) // 3)
        if last - first >= SUFFIX:
            yield coded[first:last]


def _among(
    chunks: Iterable[bytes], patterns: Mapping[bytes, Iterable[str]]
) -> Counter[str]:
    """Return the words that are in a file, also across two of its chunks."""
    longest, tail, found = max(map(len, patterns)), b"", set()
    for chunk in chunks:
        body = tail + chunk
        found |= {one for one in patterns if one in body}
        tail = body[-longest:]
    return Counter(word for form in found for word in patterns[form])


def _chunks(path: Path) -> Iterator[bytes]:
    with suppress(FileNotFoundError), path.open("rb") as file:  # it went meanwhile
        while chunk := file.read(CHUNK):
            yield chunk


def _explained(
    data: Snapshot, erasure: Erasure, known: Known, name: str, rows: Keys
) -> Keys:
    """Return those of `rows` that a law keeps, that are another's, or that came later."""
    tables = {one.model.__table__.name: one.model.__table__ for one in registry().holdings}
    if name not in tables:
        return set()
    table: Table = tables[name]
    key = list(table.primary_key.columns)
    email = next((one for one in known.needles if one == known.email.lower()), None)
    whose = Whose(person=known.person, email_key=email)
    fine = [finding.of_another(table, whose)]
    moments = [c for c in table.columns if isinstance(c.type, Utc) and not c.nullable]
    if moments and erasure.destroyed_at is not None:
        fine.append(and_(*(column > erasure.destroyed_at for column in moments)))
    if len(key) == 1:
        kept = select(ErasureKept.row).where(
            ErasureKept.erasure == erasure.id, ErasureKept.model == name
        )
        fine.append(key[0].in_(kept))
    explained: Keys = set()
    listed = sorted(rows)
    for start in range(0, len(listed), second_road.CHUNK):
        some = or_(
            *(
                and_(*(cast(k, String) == v for k, v in zip(key, row, strict=True)))
                for row in listed[start : start + second_road.CHUNK]
            )
        )
        found = data.main.execute(select(*key).where(some, or_(*fine)))
        explained |= {tuple(map(str, row)) for row in found}
    return explained


def _in_statistics(wanted: Iterable[str]) -> Words:
    """Return each column of which PostgreSQL still holds samples -> what they hold."""
    found: Words = {}
    with db.engine.connect() as connection:
        for one in wanted:
            for row in connection.execute(STATISTICS, {"needle": f"%{one}%"}):
                found.setdefault(f"pg_stats {row[0]}.{row[1]}", Counter())[one] = 1
    return found

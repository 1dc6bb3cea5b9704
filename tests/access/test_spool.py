import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.access.recording import line, spool
from neupusti.access.recording.line import Entry, cookie_names, decode, encode
from neupusti.access.recording.spool import LINE_BYTES, Spool, files
from neupusti.access.recording.tally import is_unlocked

AT = 1_795_350_000_000
TEXT = st.one_of(st.text(max_size=40), st.text(max_size=4).map(lambda some: some * 200))


def test_a_line_is_one_write_to_a_file_only_we_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = os.write

    def noted(fd: int, data: bytes) -> int:
        written.append(data)
        return write(fd, data)

    monkeypatch.setattr(os, "write", noted)
    spooled = Spool(tmp_path / "spool")
    spooled.append(b"one\n")
    spooled.append(b"two\n")

    assert written == [b"one\n", b"two\n"]
    (path,) = files(tmp_path / "spool")
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    spooled.close()


def test_a_file_is_left_when_it_is_full_or_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled = Spool(tmp_path)
    spooled.append(b"full\n")
    (first,) = files(tmp_path)
    with first.open() as file:
        assert not is_unlocked(file.fileno())
        monkeypatch.setattr(spool, "FILE_BYTES", 4)
        spooled.flush()
        assert is_unlocked(file.fileno())
    spooled.append(b"next\n")
    assert len(list(files(tmp_path))) == 2
    spooled.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Set how many bytes the disk still accepts; None: it is not full."""
    free: list[int | None] = [None]
    write = os.write

    def limited(fd: int, data: bytes) -> int:
        left = free[0]
        if left is None:
            return write(fd, data)
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = write(fd, data[:left])
        free[0] = left - taken
        return taken

    monkeypatch.setattr(os, "write", limited)

    def fill(left: int | None) -> None:
        free[0] = left

    return fill


def test_a_full_disk_loses_and_truncates_nothing(
    tmp_path: Path, disk: Callable[[int | None], None]
) -> None:
    spooled = Spool(tmp_path)
    spooled.append(b'{"n":1}\n')
    disk(3)
    for number in (2, 3, 4):
        spooled.append(b'{"n":%d}\n' % number)
    (path,) = files(tmp_path)
    assert path.read_bytes() == b'{"n":1}\n'

    disk(None)
    spooled.flush()
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    assert lines == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]
    assert spooled.lost == 0
    spooled.close()


def test_what_does_not_even_fit_in_memory_is_counted(
    tmp_path: Path, disk: Callable[[int | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MAX_WAITING_LINES", 2)
    spooled = Spool(tmp_path)
    disk(0)
    for _ in range(5):
        spooled.append(b"{}\n")
    assert spooled.lost == 3
    disk(None)
    spooled.flush()
    (path,) = files(tmp_path)
    assert path.read_bytes() == b"{}\n{}\n"
    assert spooled.lost == 3
    spooled.close()


def test_no_folder_to_write_to_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    spooled = Spool(tmp_path / "spool")
    spooled.append(b"line\n")
    spooled.flush()
    assert spooled.refused > 0
    spooled.close()


@given(path=TEXT, agent=TEXT, referrer=TEXT, cookies=TEXT, method=TEXT)
def test_any_line_is_short_ascii_and_readable(
    path: str, agent: str, referrer: str, cookies: str, method: str
) -> None:
    found = encode(
        Entry(
            at=AT,
            ip="203.0.113.7",
            method=method,
            path=path,
            status=200,
            bytes=1,
            referrer=line.bare_referrer(referrer),
            user_agent=agent,
            route=path,
            cookies=cookie_names(cookies),
            request_id="0" * 16,
        )
    )
    assert len(found) <= LINE_BYTES
    assert found.isascii()
    assert found.count(b"\n") == 1
    assert not any(byte < 32 for byte in found[:-1])
    back = decode(found)
    assert "\x00" not in back.path + back.user_agent + back.referrer
    (back.path + back.user_agent).encode()


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"1", b'{"t":1}', b'{"t":"x","i":1}', b"\xff", b"null"]
)
def test_a_line_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(line.UnreadableLineError):
        decode(raw)


@pytest.mark.clause("3.3")
@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("", "(nameless)"),
        ("session=abc; consent=x=y", "session consent"),
        ("a-value-without-a-name", "(nameless)"),
        ("=value; b=", "(nameless) b"),
        ("a b=1", "a_b"),
    ],
)
def test_cookies_are_names_and_never_values(header: str, names: str) -> None:
    assert cookie_names(header) == names


@pytest.mark.clause("3.3")
@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("", ""),
        ("-", ""),
        ("https://www.google.com/search?q=private#x", "https://www.google.com/search"),
        ("https://user:password@example.kz:8080/a", "https://example.kz:8080/a"),
        ("https://[2001:db8::1]/a?b", "https://[2001:db8::1]/a"),
        ("javascript:alert(1)", "(unreadable)"),
        ("https://[broken/", "(unreadable)"),
        ("https://example.kz:99999/", "(unreadable)"),
    ],
)
def test_a_referrer_is_origin_and_path(given_: str, kept: str) -> None:
    assert line.bare_referrer(given_) == kept


def test_a_line_reaches_the_disk_without_a_further_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = Event(), os.fdatasync

    def noted(fd: int) -> None:
        sync(fd)
        synced.set()

    monkeypatch.setattr(os, "fdatasync", noted)
    spooled = Spool(tmp_path)
    spooled.append(b"one\n")
    assert synced.wait(30)
    spooled.close()


def test_a_sync_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the thread that syncs would end."""
    synced: list[int] = []
    monkeypatch.setattr(Thread, "start", lambda _: None)
    monkeypatch.setattr(os, "fdatasync", synced.append)
    spooled = Spool(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(os, "dup", refusing(errno.EMFILE))
        spooled.append(b"one\n")
        spooled.flush()
    assert spooled.refused == 1
    spooled.flush()
    assert len(synced) == 1
    spooled.close()


def test_if_no_thread_can_start_the_next_line_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled = Spool(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(Thread, "start", refusing(errno.EAGAIN))
        with pytest.raises(OSError, match="unavailable"):
            spooled.append(b"lost\n")
    started: list[Thread] = []

    def start(thread: Thread) -> None:
        started.append(thread)

    monkeypatch.setattr(Thread, "start", start)
    spooled.append(b"kept\n")
    spooled.append(b"kept\n")
    assert len(started) == 1
    spooled.close()


def refusing(number: int) -> Callable[[object], int]:
    """Return a function that fails with an OSError."""

    def refuse(_: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse

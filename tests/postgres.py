"""A private PostgreSQL cluster, created and removed by the test run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import SIGQUIT

import psycopg

USER = "neupusti"
MEMORY, NEEDED_BYTES = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - a private folder is made in it
"""Linux's file system in memory, and the bytes that must be free there."""
STOP_SECONDS = 30


def binaries() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None; Debian keeps it off PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(folder: Path) -> float:
    return float(folder.parent.name)


@contextmanager
def ground() -> Iterator[Path]:
    """Create a temporary folder for a cluster, and remove it with its content.

    It is in memory where there is space: creating and dropping a database there takes a
    tenth of the time. It is not a folder of pytest, which a second test run closes to other
    users, and the server is another user.
    """
    has_space = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED_BYTES
    with tempfile.TemporaryDirectory(
        prefix="neupusti-", dir=MEMORY if has_space else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


class Cluster:
    """One cluster in `home`, reachable only through a Unix socket there.

    `durable`: a commit reaches the disk, as in production, where its time is measured.
    """

    def __init__(self, home: Path, *, durable: bool = False) -> None:
        self.data, self.socket = home / "data", home / "socket"
        self.sync = "on" if durable else "off"

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Create, start and stop the cluster."""
        self._prepare()
        tools = binaries()
        if tools is None:
            raise RuntimeError("PostgreSQL is not on this machine")
        self._run(
            tools / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        server = subprocess.Popen(
            [
                tools / "postgres", "-D", self.data, "-k", self.socket,
                "-c", "listen_addresses=", "-c", f"fsync={self.sync}",
                "-c", f"full_page_writes={self.sync}",
                "-c", "max_connections=200", "-c", "logging_collector=off",
                "-c", "wal_recycle=off", "-c", "max_wal_size=64MB",
            ],
            user=self._user(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._run(tools / "pg_isready", "-q", "-h", self.socket, retries=1000)
            yield self
        finally:
            # An immediate shutdown: the data is discarded anyway.
            server.send_signal(SIGQUIT)
            server.wait(timeout=STOP_SECONDS)

    def url(self, database: str) -> str:
        """Return the URL of `database` as an operator would write it."""
        return f"postgresql://{USER}@/{database}?host={self.socket}"

    @contextmanager
    def copied(self, names: Mapping[str, str]) -> Iterator[None]:
        """Copy databases, `{copy: template}`, and drop the copies at the end of the block.

        FILE_COPY (since PostgreSQL 15) takes a third of the time of WAL_LOG; FORCE
        disconnects open sessions.
        """
        try:
            copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
            self.execute(*(copy.format(*pair) for pair in names.items()))
            yield
        finally:
            drop = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
            self.execute(*map(drop.format, names))

    def execute(self, *statements: str) -> None:
        """Run statements outside a transaction."""
        url = self.url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def own(self, folder: Path) -> None:
        """Make the user of the server own `folder`, and let it traverse the parents."""
        user = self._user()
        if user is not None:
            os.chown(folder, user, -1)
            for above in folder.parents:
                if above.stat().st_uid == os.geteuid() and above != Path("/"):
                    above.chmod(above.stat().st_mode | 0o011)

    def _prepare(self) -> None:
        """As root, make `postgres` own the folders: the server refuses to run as root."""
        user = self._user()
        for folder in (self.data, self.socket):
            folder.mkdir(mode=0o700)
            if user is not None:
                os.chown(folder, user, -1)
        if user is not None:
            for folder in self.data.parents:
                if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
                    folder.chmod(folder.stat().st_mode | 0o011)

    @staticmethod
    def _user() -> int | None:
        return pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None

    def _run(self, *command: object, retries: int = 1) -> None:
        for _ in range(retries):
            done = subprocess.run(
                [str(word) for word in command],
                user=self._user(), capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode()}")

"""A private PostgreSQL cluster: made, started, used and thrown away by the test run."""

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
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - a private folder is made in it
"""Where Linux keeps files in memory, and the bytes that must be free there."""
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
    """Make a folder for a cluster, and remove it with all that is in it.

    It is in memory where there is room: to make and drop a database there takes a tenth of
    the time. It is not one of pytest's own folders, since those are closed to other users
    whenever a second test run begins, and the server is another user.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(
        prefix="neupusti-", dir=MEMORY if roomy else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


class Cluster:
    """One cluster in `home`, reachable through a socket there and nowhere else."""

    def __init__(self, home: Path) -> None:
        self.data, self.socket = home / "data", home / "socket"

    @contextmanager
    def running(self) -> Iterator["Cluster"]:
        """Make the cluster, run it, stop it."""
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
                "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
                "-c", "max_connections=200", "-c", "logging_collector=off",
                "-c", "wal_recycle=off", "-c", "max_wal_size=64MB",
            ],
            user=self._user(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._run(tools / "pg_isready", "-q", "-h", self.socket, retries=1000)
            yield self
        finally:
            # An immediate shutdown: nothing is written of what is thrown away anyway.
            server.send_signal(SIGQUIT)
            server.wait(timeout=STOP_SECONDS)

    def url(self, database: str) -> str:
        """Return the URL of `database` as an operator would write it."""
        return f"postgresql://{USER}@/{database}?host={self.socket}"

    @contextmanager
    def copied(self, names: Mapping[str, str]) -> Iterator[None]:
        """Copy databases, `{copy: model}`, and drop the copies when the block ends.

        Copying files (since PostgreSQL 15) is a third of the work of copying by the log;
        the drop throws out who is still connected.
        """
        try:
            for name, model in names.items():
                self.execute(f"CREATE DATABASE {name} TEMPLATE {model} STRATEGY FILE_COPY")
            yield
        finally:
            for name in names:
                self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run a statement that may not stand in a transaction."""
        url = self.url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def own(self, folder: Path) -> None:
        """Give `folder` to the user the server runs as, and let that user reach it."""
        user = self._user()
        if user is not None:
            os.chown(folder, user, -1)
            for above in folder.parents:
                if above.stat().st_uid == os.geteuid() and above != Path("/"):
                    above.chmod(above.stat().st_mode | 0o011)

    def _prepare(self) -> None:
        """Give root's folders to `postgres`: the server refuses to run as root."""
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

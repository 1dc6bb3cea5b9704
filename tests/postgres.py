"""A private PostgreSQL cluster: made, started, used and thrown away by the test run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

import psycopg

USER = "neupusti"


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
    """Make a folder for a cluster, away from pytest's own folders.

    Those are closed to other users again whenever a second test run begins, and the
    server, which is another user, would find its socket gone.
    """
    made = tempfile.TemporaryDirectory(prefix="neupusti-", ignore_cleanup_errors=True)
    with made as folder:
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
                "-c", "wal_recycle=off",
            ],
            user=self._user(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._run(tools / "pg_isready", "-q", "-h", self.socket, retries=1000)
            yield self
        finally:
            # A fast shutdown: SIGTERM would wait for whoever is still connected.
            server.send_signal(SIGINT)
            server.wait(timeout=60)

    def url(self, database: str) -> str:
        """Return the URL of `database` as an operator would write it."""
        return f"postgresql://{USER}@/{database}?host={self.socket}"

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

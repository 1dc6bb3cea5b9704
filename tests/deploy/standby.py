"""PostgreSQL with a standby, made as the README says; only addresses and paths differ."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from neupusti.config.values import ROOT
from tests.conftest import missing
from tests.postgres import Cluster, binaries
from tests.served import free_port
from tests.site.test_server import eventually

FIRST, SECOND = "127.0.0.21", "127.0.0.22"
"""Addresses of the two machines: all of 127/8 is this one (RFC 1122)."""
PASSWORD = "of-the-database"
COPY = re.compile(r"pg_basebackup (?:.|\n)*?neupusti_standby\"'")
PROMOTION = re.compile(r'psql -c "(SELECT pg_promote.*)"')
ALONE = re.compile(r"sed -i '(.*?)' /etc/postgresql/15/main/conf.d/neupusti.conf")


@dataclass
class Machine:
    """One of the two machines of the database."""

    address: str
    home: Path
    port: int

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """The URL of its database for operators, through its socket."""
        return f"postgresql://postgres@/postgres?host={self.home}&port={self.port}"

    def run(self, *words: object) -> None:
        """Run a tool of PostgreSQL as the user of the server."""
        tool, *rest = map(str, words)
        folder = binaries()
        assert folder is not None
        subprocess.run(
            [str(folder / tool), *rest],
            user=Cluster._user(),  # noqa: SLF001 - the user that tests run servers as
            env={"PGPASSFILE": str(self.home / "pgpass"), "LC_ALL": "C.UTF-8"},
            cwd=self.home,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start the server."""
        own = (f"listen_addresses={self.address}", f"port={self.port}")
        places = (f"unix_socket_directories={self.home}", "ssl=on", "fsync=off")
        options = " ".join(f"-c {one}" for one in (*own, *places))
        self.run("pg_ctl", "-w", "-D", self.data, "-o", options, "-l", "log", "start")

    def stop(self, how: str) -> None:
        """Stop the server."""
        self.run("pg_ctl", "-w", "-D", self.data, "-m", how, "stop")

    def edit(self, change: str) -> None:
        """Change the settings by a command of sed, and let the server read them anew."""
        file = self.data / "postgresql.conf"
        before = file.read_text()
        subprocess.run(["sed", "-i", change, file], check=True)
        assert file.read_text() != before
        self.ask("SELECT pg_reload_conf()")

    def ask(self, statement: str) -> object:
        """Return what a statement gives."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
            return row[0] if row else None

    def execute(self, *statements: str) -> None:
        """Run statements that return nothing."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@dataclass
class Pair:
    """A primary and its standby."""

    primary: Machine
    standby: Machine

    def url(self, name: str) -> str:
        """Return the URL of a database as the README writes it."""
        (given,) = re.findall(rf"=(postgresql://neupusti:PASSWORD@/{name}\?.*)", readme())
        own = given.replace("10.0.0.", "127.0.0.").replace("PASSWORD", PASSWORD)
        return f"{own}&port={self.primary.port},{self.standby.port}"

    def promote(self) -> None:
        """Let the standby be the primary."""
        found = PROMOTION.search(readme())
        assert found is not None
        assert self.standby.ask(found[1]) is True

    def acknowledges_alone(self) -> None:
        """Let the new primary wait for no standby, as the README says."""
        found = ALONE.search(readme())
        assert found is not None
        self.standby.edit(found[1])

    def acknowledges_together(self) -> None:
        """Acknowledge a commit when both have it: the line that is a comment as shipped."""
        for machine in (self.primary, self.standby):
            machine.edit(r"s/^#\(synchronous_standby_names\)/\1/")
        state = "SELECT sync_state FROM pg_stat_replication"
        eventually(lambda: self.primary.ask(state) == "sync")

    def copy(self, source: Machine, target: Machine) -> None:
        """Make `target` the standby of `source`, as the README says."""
        found = COPY.search(readme())
        assert found is not None
        words = re.split(r"[\\\s]+(?=--)", found[0].removesuffix("'"))
        changes = {
            "/var/lib/postgresql/15/main": str(target.data),
            "10.0.0.21": f"{source.address} port={source.port}",
            '"': "",
        }
        for theirs, local in changes.items():
            assert any(theirs in word for word in words), theirs
            words = [word.replace(theirs, local) for word in words]
        target.run(*words)
        target.start()


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Run a primary and its standby, with the two empty databases of the site."""
    if binaries() is None:
        missing("PostgreSQL (initdb, pg_basebackup)")
    port = free_port()
    both = [Machine(a, folder / a, port) for a in (FIRST, SECOND)]
    for machine in both:
        _prepare(machine)
    first, second = both
    _initialise(first)
    first.start()
    try:
        first.execute(
            f"CREATE ROLE neupusti LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE neupusti_standby LOGIN REPLICATION PASSWORD '{PASSWORD}'",
            "CREATE DATABASE neupusti OWNER neupusti",
            "CREATE DATABASE neupusti_access OWNER neupusti",
        )
        made = Pair(first, second)
        made.copy(first, second)
        yield made
    finally:
        for machine in both:
            if (machine.data / "postmaster.pid").exists():
                machine.stop("immediate")


def _prepare(machine: Machine) -> None:
    """Make the folder of a machine, and the password of the standby in it."""
    machine.home.mkdir()
    kept = machine.home / "pgpass"
    kept.write_text(f"*:*:replication:neupusti_standby:{PASSWORD}\n")
    kept.chmod(0o600)
    for path in (kept, machine.home):
        Cluster(machine.home).own(path)


def _initialise(machine: Machine) -> None:
    """Make a cluster with the shipped settings and rules of access."""
    machine.run("initdb", "-D", machine.data, "-U", "postgres", "--no-sync")
    rules = re.sub(r"10\.0\.0\.\d+", "127.0.0.1", shipped("pg_hba.conf"))
    (machine.data / "pg_hba.conf").write_text(f"local all all trust\n{rules}")
    with (machine.data / "postgresql.conf").open("a") as file:
        file.write(shipped("neupusti.conf"))
    key, certificate = machine.data / "server.key", machine.data / "server.crt"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=database"
    more = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [*command.split(), *more],
        user=Cluster._user(),  # noqa: SLF001
        check=True,
        capture_output=True,
    )


def shipped(name: str) -> str:
    """Return a file of `deploy/postgresql`."""
    return (ROOT / "deploy" / "postgresql" / name).read_text()


def readme() -> str:
    """Return what the README says of several machines."""
    return (ROOT / "README.md").read_text().partition("### Several machines")[2]

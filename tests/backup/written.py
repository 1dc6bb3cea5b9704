"""A shell in which the commands of docs/backup.md are typed as they are written.

Only what belongs to a machine differs: paths, the user of the site, and what installs,
starts and stops, for which stand-ins are on PATH.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from neupusti.config.values import ROOT

DOCUMENT = (ROOT / "docs" / "backup.md").read_text()
BLOCK = re.compile(r"(?m)(?:^    .*\n)+")
NAMES = ("make", "keys", "timer", "check", "decrypt", "sqlite", "postgresql")
"""All blocks of commands of the document, in its order."""
BLOCKS = dict(zip(NAMES, BLOCK.findall(DOCUMENT), strict=True))
SOUND = re.compile(r"Then `(flask [\w ]+)` and\s`(flask [\w ]+)` must say")
FLASK = re.compile(r"systemd-run --pipe .*\\\n.*/flask (?=policy list)")
"""How the README runs a command of a deployed site."""
KEYRING = "batch\nquiet\npinentry-mode loopback\npassphrase ''\n"
"""Answers of gpg's user: nobody sits at the terminal of a test."""
OF_DEPLOYMENT = {
    "/srv/neupusti/app": "app",
    "/etc/neupusti/environment": "environment",
    "/etc/systemd/system": "units",
    "/var/backups/neupusti": "backups",
}
"""Paths of a deployment, and where they are in the folder of the test."""
STAND_INS = {
    "systemd-run": """
        while [[ $1 == --* ]]; do
          case $1 in
            --pipe | --wait | --uid=neupusti) ;;
            --working-directory=*) cd "${1#*=}" ;;
            --property=EnvironmentFile=*) set -a; . "${1##*=}"; set +a ;;
            *) exit 2 ;;
          esac
          shift
        done
        exec "$@" """,
    "systemctl": """
        case $* in
          "stop neupusti.socket neupusti") kill $(<$HERE/pid); flock $HERE/site true ;;
          "start neupusti.socket neupusti")
            setsid flock $HERE/site sh -c 'echo $$ >$HERE/pid; exec flask site serve' \\
              >>$HERE/log 2>&1 & ;;
          daemon-reload) ;;
          "enable --now neupusti-backup.timer") ls $HERE/units/$3 >$HERE/enabled ;;
          *) exit 2 ;;
        esac""",
    "apt-get": """
        [[ $1 == install ]]
        for name in "${@:2}"; do dpkg-query --show "$name*" >/dev/null; done""",
    "install": """
        args=("$@")
        for i in "${!args[@]}"; do [[ ${args[i]} == neupusti ]] && args[i]=$(id -un); done
        exec /usr/bin/install "${args[@]}" """,
}


@dataclass
class Shell:
    """Whoever types what the document says."""

    here: Path
    environment: dict[str, str] = field(default_factory=dict)
    """What is set in this shell."""

    def __post_init__(self) -> None:
        """Lay out the folder of the program, and the commands on PATH."""
        (self.here / "app" / ".venv" / "bin").mkdir(parents=True)
        for name in ("wsgi.py", "deploy"):
            (self.here / "app" / name).symlink_to(ROOT / name)
        for name in ("bin", "units"):
            (self.here / name).mkdir()
        self.stand_in("../app/.venv/bin/flask", f'exec {sys.executable} -m flask "$@"')

    @property
    def app(self) -> Path:
        """The folder of the program."""
        return self.here / "app"

    def stand_in(self, name: str, script: str) -> None:
        """Put a command on PATH."""
        path = self.here / "bin" / name
        path.write_text(f"#!/bin/bash -e\n{script}\n")
        path.chmod(0o755)

    def command(self, commands: str, file: Path | None = None) -> list[str]:
        """Return what runs commands of the document, about a backup."""
        commands = commands.replace("FILE", str(file)) if file else commands
        for theirs, ours in OF_DEPLOYMENT.items():
            commands = commands.replace(theirs, str(self.here / ours))
        return ["bash", "-e", "-o", "pipefail", "-c", commands]

    def variables(self) -> dict[str, str]:
        """Return the environment of a command."""
        folders = (self.here / "bin", self.app / ".venv" / "bin", os.environ["PATH"])
        path = {"PATH": ":".join(map(str, folders)), "PYTHONPATH": str(ROOT)}
        own = {"HERE": str(self.here), "HOME": str(self.here), "LC_ALL": "C.UTF-8"}
        return path | own | self.environment

    def type(
        self,
        commands: str,
        file: Path | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Run commands of the document; return what they print."""
        done = subprocess.run(
            self.command(commands, file),
            cwd=self.app,
            env={**self.variables(), **more},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout

    def is_sound(self) -> None:
        """Check what the document says that must be sound after a restore."""
        [both] = SOUND.findall(DOCUMENT)
        for command in both:
            self.type(command)


@contextmanager
def keyring(shell: Shell, folder: Path) -> Iterator[dict[str, str]]:
    """Make the pair of keys; yield the variables of the machine that has the secret one."""
    folder.mkdir(mode=0o700)
    (folder / "gpg.conf").write_text(KEYRING)
    machine = {"GNUPGHOME": str(folder)}
    try:
        shell.type(BLOCKS["keys"], more=machine)
        yield machine
    finally:
        shell.type("gpgconf --kill all", more=machine)


def nightly(shell: Shell) -> str:
    """Return the command of the unit that the document has installed."""
    lines = (shell.here / "units" / "neupusti-backup.service").read_text().splitlines()
    unit = dict(line.partition("=")[::2] for line in lines)
    return (
        f"systemd-run --uid={unit['User']} --working-directory={unit['WorkingDirectory']}"
        f" --property=EnvironmentFile={unit['EnvironmentFile']} {unit['ExecStart']}"
    )

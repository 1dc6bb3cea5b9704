"""The very first member of staff of a site on one machine.

Nobody could invite them, so the first start makes one, with a password and a second factor
of its own making; a site for the public starts with none (V6.3.2).
"""

import os
import secrets
from pathlib import Path

from neupusti.accounts.service import passwords, people, second_factor
from neupusti.accounts.service.people import Applicant
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.staff.service import grants

EMAIL = "staff@neupusti.localhost"
APPLICANT = Applicant(
    family_name="Первый",
    given_name="Сотрудник",
    patronymic="",
    email=EMAIL,
    phone=None,
    language=Language.RU,
)
FILE = "first-staff.txt"


def seed(folder: Path) -> str:
    """Make the first member of staff where there never was any; return what to say.

    The line with the password is also kept in `folder`, readable by its owner only, until
    somebody deletes it; a second call says nothing of it.
    """
    with writing() as session:
        if grants.ever(session):
            return ""
        password = secrets.token_urlsafe(15)
        person = people.add(session, APPLICANT)
        person.confirmed_at = clock.now()
        passwords.set_password(session, person.id, passwords.hashed(password))
        secret = second_factor.enrol(session, person.id)
        grants.change(session, person.id, Permission, by=None, reason="first start")
        line = f"Staff: {EMAIL} {password} TOTP {secret}"
        _keep(folder / FILE, line)
    return line


def _keep(path: Path, line: str) -> None:
    path.unlink(missing_ok=True)
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "w") as out:
        out.write(line + "\n")

"""Create the first member of staff of a local site.

Nobody can invite them, so the first start creates one with a random password and second
factor; a public site starts with none (V6.3.2).
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
    """Create the first member of staff if there never was any; return the credentials.

    The line is also saved in `folder` with mode 0600 until somebody deletes it; later
    calls return "".
    """
    with writing() as session:
        if grants.any_ever_given(session):
            return ""
        password = secrets.token_urlsafe(15)
        person = people.add(session, APPLICANT)
        person.confirmed_at = clock.now()
        passwords.set_password(session, person.id, passwords.hashed(password))
        secret = second_factor.enrol(session, person.id)
        grants.change(session, person.id, Permission, by=None, reason="first start")
        line = f"Staff: {EMAIL} {password} TOTP {secret}"
        _save(folder / FILE, line)
    return line


def _save(path: Path, line: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(line + "\n")

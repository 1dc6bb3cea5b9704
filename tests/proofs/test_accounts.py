import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from flask import Flask

from neupusti.accounts.models import AccountSuspension, Credential, SignIn
from neupusti.accounts.service import avatar
from neupusti.core.data import files
from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import Looking
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import ProcessingEvent
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import FUTURE, NOW, SOON, person, row

COLLECTED = row(ProcessingEvent, operation="collection", person=1)
PERSON, _GRANT = person()


@contextmanager
def stray_photo() -> Iterator[Looking]:
    path = files.folder(avatar.FOLDER) / ("a" * 32)
    path.write_bytes(b"")
    os.utime(path, (0, 0))
    with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
        yield Looking(main, access)
    path.unlink()


PLANTS = {
    "kinds-of-people": sql(*person(kind="robot")),
    "accounts-with-consent": sql(PERSON, COLLECTED),
    "people-by-forms": sql(PERSON, row(FormConsent, person=1)),
    "names-as-stored": sql(*person(given_name="Ali\u202eya")),
    "phones-international": sql(*person(phone="8 701 000 00 09")),
    "keys-of-addresses": sql(*person(email_key="b@example.kz")),
    "confirmed-in-order": sql(*person(created_at=SOON)),
    "photos-on-disk": stray_photo,
    "strong-hashes": sql(row(Credential, person=1, password_hash="$2b$12$")),
    "sessions-end": sql(row(SignIn, person=1, completed_at=SOON, ends_at=FUTURE)),
    "suspended-signed-out": sql(
        row(AccountSuspension, person=1), row(SignIn, person=1, completed_at=SOON)
    ),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.contact.models import ContactMessage, ContactRequest
from neupusti.core.records.consents import FormConsent
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, row

PLANTS = {
    "questions-numbered": sql(row(ContactRequest, number="")),
    "questions-with-consent": sql(
        row(ContactRequest, consent=1), row(FormConsent, id=1, form="contact")
    ),
    "answers-signed": sql(row(ContactMessage, author="staff")),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)

"""Disagree with the policy: every consent of an account ends at once (2.2, 6.1.1)."""

from neupusti.accounts.service import consents
from neupusti.core.records import consents as consent_records
from neupusti.newsletter.service import ending


def withdraw_all(person: int) -> int:
    """Withdraw every consent of a person that is in force; return how many there were."""
    rows = consent_records.of_person(person)
    open_rows = [given.id for given, ended, _text in rows if ended is None]
    for number in open_rows:
        consents.withdraw(person, number)
    ending.of_person(person, method=ending.BUTTON)
    return len(open_rows)

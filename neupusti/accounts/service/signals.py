"""What accounts tell the features above them, which they do not know."""

from blinker import Namespace
from sqlalchemy.orm import Session

email_confirmed = Namespace().signal("e-mail confirmed")
"""A person has proved to own the address of their account (3.2.3).

Sent at each registration, password reset or change of address, in the open write
transaction. Sender: the `Person`; keyword `session`. A receiver may be called again for the
same address, and an error of it undoes the confirmation.
"""
consent_withdrawn = Namespace().signal("consent withdrawn")
"""A person has withdrawn a consent on the page of their account (6.1.1).

Sent in the open write transaction. Sender: the `FormConsent`; keyword `session`.
"""
destruction_awaited = Namespace().signal("destruction awaited")
"""Somebody asks whether what belongs to nobody but an address is soon to be destroyed.

Sender: the key of the address; keyword `session`. A receiver returns a bool.
"""


def awaits_destruction(session: Session, email_key: str) -> bool:
    """Return whether the rows of an address wait to be destroyed: they stay nobody's."""
    return any(said for _, said in destruction_awaited.send(email_key, session=session))

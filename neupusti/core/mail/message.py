"""The bytes of a letter (RFC 5322): built by the library, which refuses line ends."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from neupusti.core.data import keys
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.service import Service


def build(letter: OutboxEmail, service: Service) -> EmailMessage:
    """Return the message of `letter`; raise ValueError where a header holds a line end.

    The identifier comes from the letter's key: a second copy, should a server ever make
    one, is recognised as the same letter.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(service.sender_name, addr_spec=service.sender)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{keys.keyed('letter', letter.key)[:32]}@{service.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.further_headers.items():
        message[name] = value
    # Whatever lies between us and the reader, base64 gets through unchanged.
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    # Setting a body takes every header away that says something of a body.
    message["Content-Language"] = letter.language
    return message

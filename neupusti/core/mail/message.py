"""Build the message of an email (RFC 5322); the library refuses header injection."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from neupusti.core.data import keys
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.service import Service

WHOLE = "List-Unsubscribe"
SHARED = frozenset({"From", "Subject", "Date", "Auto-Submitted", "MIME-Version"})
"""Headers that many emails have in common: folded once."""


class _Policy(EmailPolicy):
    """The policy of SMTP, which keeps the address of List-Unsubscribe whole.

    The library splits what is longer than a line into encoded words; mail programs find no
    address in them (RFC 2369, 2).
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as it is sent."""
        if name == WHOLE:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return _folded(name, str(value)) if name in SHARED else _fold(name, value)


POLICY = _Policy(linesep="\r\n")


def _fold(name: str, value: Any) -> bytes:
    return EmailPolicy.fold_binary(POLICY, name, value)


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    return _fold(name, POLICY.header_store_parse(name, value)[1])


def build(email: OutboxEmail, service: Service) -> EmailMessage:
    """Return the message of `email`; raise ValueError where a header holds a line end."""
    message = headed(email, service)
    # Relays do not change base64.
    message.set_content(email.text, cte="base64")
    message.add_alternative(email.html, subtype="html", cte="base64")
    # Last, since setting a body removes every Content header.
    message["Content-Language"] = email.language
    return message


def headed(email: OutboxEmail, service: Service) -> EmailMessage:
    """Return the headers of `email` alone; raise ValueError where one holds a line end.

    The Message-ID is derived from the key, so that mail servers recognise a duplicate.
    """
    message = EmailMessage(policy=POLICY)
    sender = Address(service.sender_name, addr_spec=service.sender)
    message["From"] = _parsed("From", str(sender))
    message["To"] = Address(addr_spec=email.recipient)
    message["Subject"] = _parsed("Subject", email.subject)
    message["Date"] = _parsed("Date", format_datetime(email.created_at))
    message["Message-ID"] = f"<{keys.keyed('letter', email.key)[:32]}@{service.domain}>"
    message["Auto-Submitted"] = _parsed("Auto-Submitted", "auto-generated")
    for name, value in email.further_headers.items():
        message[name] = value
    return message


@lru_cache(maxsize=64)
def _parsed(name: str, value: str) -> Any:
    """Return a header that many emails share; the library parses each one anew."""
    return POLICY.header_store_parse(name, value)[1]

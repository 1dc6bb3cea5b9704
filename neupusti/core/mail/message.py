"""Write the message of an email (RFC 5322); the library refuses header injection.

Headers are folded by the library, what many emails share once. The body is written here:
its form is always the same, and the library takes most of the time of an email for it.
"""

import re
from base64 import encodebytes
from email.header import Header
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from neupusti.core.data import keys
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.service import Service

WHOLE = frozenset({"List-Unsubscribe", "Message-ID", "Content-Type"})
"""Not folded: the library splits what is longer than a line into encoded words, in which
mail programs find no address (RFC 2369, 2)."""
LINE_ENDS = frozenset("\r\n\0")
ENCODED_WORD = "=?"
"""How an encoded word begins (RFC 2047, 2)."""
PLAIN_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,64}", re.ASCII)
"""What needs neither quotes nor folding."""
BOUNDARY = "=_neupusti"
"""No line of base64 begins with it."""


def build(email: OutboxEmail, service: Service) -> bytes:
    """Return the message of `email`; raise ValueError where a header holds a line end."""
    parts = (("plain", email.text), ("html", email.html))
    body = "".join(_part(subtype, text) for subtype, text in parts)
    return head(email, service) + f"\r\n{body}--{BOUNDARY}--\r\n".encode()


def head(email: OutboxEmail, service: Service) -> bytes:
    """Return its headers alone; raise ValueError where one holds a line end."""
    return b"".join(_line(*one) for one in headers(email, service).items())


def headers(email: OutboxEmail, service: Service) -> dict[str, str]:
    """Return its headers as text.

    The Message-ID is derived from the key, so that mail servers recognise a duplicate.
    """
    return {
        "From": _sender(service),
        "To": _recipient(email.recipient),
        "Subject": email.subject,
        "Date": format_datetime(email.created_at),
        "Message-ID": f"<{keys.keyed('letter', email.key)[:32]}@{service.domain}>",
        "Auto-Submitted": "auto-generated",
        **email.further_headers,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{BOUNDARY}"',
        "Content-Language": email.language,
    }


@lru_cache(maxsize=1)
def _sender(service: Service) -> str:
    return str(Address(service.sender_name, addr_spec=service.sender))


def _recipient(address: str) -> str:
    """Return one address; raise ValueError or IndexError where it is not one."""
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    return str(Address(addr_spec=address))


def _line(name: str, value: str) -> bytes:
    if LINE_ENDS.intersection(value):
        raise ValueError(f"{name} holds a line end")
    whole = name in WHOLE or (name == "To" and PLAIN_ADDRESS.fullmatch(value))
    if whole and value.isprintable():
        return f"{name}: {value}\r\n".encode("ascii")
    return _fold(name, value) if name == "To" else _folded(name, value)


def _fold(name: str, value: str) -> bytes:
    """Return a folded line; raise ValueError where what is decoded holds a line end."""
    if name == "Subject" and ENCODED_WORD in value:
        # Somebody typed it: encoded once more, it arrives as it was typed.
        coded = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
        return f"{name}: {coded}\r\n".encode("ascii")
    parsed = SMTP.header_store_parse(name, value)[1]
    # The library decodes encoded words, and writes a line end in them as it is.
    if LINE_ENDS.intersection(parsed):
        raise ValueError(f"{name} holds a line end")
    line: bytes = SMTP.fold_binary(name, parsed)
    return line


_folded = lru_cache(maxsize=256)(_fold)
"""What many emails share; no address of a recipient stays in it."""


def _part(subtype: str, text: str) -> str:
    """Return one form of the text in base64, which relays do not change."""
    lines = b"".join(line + b"\r\n" for line in text.encode().splitlines())
    coded = encodebytes(lines).decode().replace("\n", "\r\n")
    return (
        f'--{BOUNDARY}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{coded}"
    )

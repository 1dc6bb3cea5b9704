"""The link of every email to unsubscribe: it works for years, and nothing of it is stored.

It names the subscriber and the version of their address, signed by the secret of the site
or a former one. It has the shape of the tokens of core (43 characters), so whatever hides
those hides it too.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from sqlalchemy.orm import Session

from neupusti.core.data import keys
from neupusti.core.mail import outbox
from neupusti.core.security.tokens import TOKEN_FORMAT
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber

USE = "newsletter"
LOCK = {"key_share": True}
"""How a subscriber is locked: rows that only name them wait for nobody (PostgreSQL)."""
NUMBER_BYTES, SIGNATURE_DIGITS = 8, 48


def token_of(subscriber: Subscriber) -> str:
    """Return the token of a subscriber's links."""
    return token(subscriber.id, subscriber.version)


def token(number: int, version: int) -> str:
    """Return the token of subscriber `number` with that version of the address."""
    signature = keys.keyed(USE, f"{number} {version}")[:SIGNATURE_DIGITS]
    raw = number.to_bytes(NUMBER_BYTES, "big") + bytes.fromhex(signature)
    return urlsafe_b64encode(raw).decode().rstrip("=")


def find(session: Session, text: str, *, lock: bool = False) -> Subscriber | None:
    """Return the subscriber of a token, or None; `lock` it in a write transaction."""
    if not TOKEN_FORMAT.fullmatch(text):
        return None
    try:
        raw = urlsafe_b64decode(text + "=")
    except Error:
        return None
    number, signature = int.from_bytes(raw[:NUMBER_BYTES], "big"), raw[NUMBER_BYTES:].hex()
    if number >= 1 << 31:
        return None
    found = session.get(
        Subscriber, number, with_for_update=lock and LOCK, populate_existing=True
    )
    if found is None:
        return None
    signed = keys.is_signed(USE, f"{number} {found.version}", signature, SIGNATURE_DIGITS)
    return found if signed else None


def headers(text: str, language: Language) -> dict[str, str]:
    """Return the headers for unsubscribing by a mail program (RFC 2369, RFC 8058)."""
    address = outbox.link("newsletter.unsubscribe", language, token=text)
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }

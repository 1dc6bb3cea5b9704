"""Detect personal data in logs, addresses and email subjects (V14.2.1).

Addresses are those of redirects, of links, forms and files on pages, and of links in
emails. In no test may any of them name somebody of the cast.
"""

import logging
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from io import StringIO
from typing import Any
from urllib.parse import unquote_plus

import pytest
from werkzeug.test import Client, TestResponse

from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.service import Service
from neupusti.core.web.log import KeyValue
from tests.people import CAST

COUNTRY = len("+7")
NEEDLES = [needle for person in CAST for needle in (person.email, person.phone[COUNTRY:])]
BETWEEN = re.compile(r"[\s()+-]+")
"""Separators between the digits of a phone number."""
PACKED = re.compile(r"[\w-]{12,}", re.ASCII)
"""Possible base64, as in signed tokens."""
ADDRESSES = frozenset({"href", "action", "formaction", "src", "srcset", "data", "content"})
TAG = re.compile(r"""<(/?[a-z][\w-]*+)((?:[^"'>]++|"[^"]*+"|'[^']*+')*+)>""", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w:-]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>]++))?""")
"""An HTML parser takes four times as long."""
REMEMBERED = 10_000
"""Addresses and tags: the pages of a site have most of theirs in common."""
WRITTEN = re.compile(r"\w+://\S+")


def names_somebody(line: str) -> bool:
    """Return whether a line names somebody of the cast, also encoded or with separators."""
    plain = BETWEEN.sub("", unquote_plus(unquote_plus(line))).casefold()
    return any(needle in plain for needle in NEEDLES)


@lru_cache(REMEMBERED)
def revealing(address: str) -> bool:
    """Return whether an address names somebody, also inside a readable token."""
    return names_somebody(address) or any(map(names_somebody, _unpacked(address)))


@dataclass
class Captured:
    """What was recorded: every log line, and every leak outside the log."""

    lines: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def found(self) -> list[str]:
        """Return every leak."""
        return [*(line for line in self.lines if names_somebody(line)), *self.leaks]

    def address(self, where: str, address: str) -> None:
        """Check one address; a number to dial goes to a phone, and into no log."""
        if not address.startswith("tel:") and revealing(address):
            self.leaks.append(f"{where}: {address}")

    def response(self, response: TestResponse) -> None:
        """Check the addresses of one response: its Location, and those on its page."""
        path = response.request.path
        self.address(f"redirect of {path}", response.headers.get("Location", ""))
        if response.mimetype == "text/html" and "Content-Encoding" not in response.headers:
            for address in addresses(response.text):
                self.address(f"page {path}", address)

    def email(self, email: OutboxEmail) -> None:
        """Check the subject and every link of one email."""
        if names_somebody(email.subject):
            self.leaks.append(f"subject of {email.kind}: {email.subject}")
        for address in (*WRITTEN.findall(email.text), *addresses(email.html)):
            self.address(f"email {email.kind}", address)


@contextmanager
def listening() -> Iterator[Captured]:
    """Record each formatted log line, each response and each email.

    The head of an email is built where it is put into the outbox.
    """
    captured = Captured()
    write, ask, build = KeyValue.format, Client.open, message.head

    def recorded(self: KeyValue, record: logging.LogRecord) -> str:
        captured.lines.append(write(self, record))
        return captured.lines[-1]

    def answered(self: Client, *args: Any, **kwargs: Any) -> TestResponse:
        answer = ask(self, *args, **kwargs)
        captured.response(answer)
        return answer

    def built(email: OutboxEmail, service: Service) -> bytes:
        captured.email(email)
        return build(email, service)

    others = logging.StreamHandler(StringIO())
    others.setLevel(logging.WARNING)
    others.setFormatter(KeyValue())
    logging.getLogger().addHandler(others)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyValue, "format", recorded)
        patch.setattr(Client, "open", answered)
        patch.setattr(message, "head", built)
        yield captured
    logging.getLogger().removeHandler(others)


def addresses(page: str) -> list[str]:
    """Return every address on a page, and every field value of a GET form."""
    found: list[str] = []
    is_get_form = False
    for name, inside in TAG.findall(page):
        tag = name.lower()
        values = _attributes(inside)
        if tag.endswith("form"):
            # Its fields are sent in the address.
            is_get_form = tag == "form" and values.get("method", "get").lower() != "post"
        found += [value for name, value in values.items() if name in ADDRESSES]
        if is_get_form and tag in {"input", "option", "button"}:
            found.append(values.get("value", ""))
    return found


@lru_cache(REMEMBERED)
def _attributes(inside: str) -> dict[str, str]:
    return {n.lower(): unescape(v.strip("\"'")) for n, v in ATTRIBUTE.findall(inside)}


def _unpacked(address: str) -> Iterator[str]:
    for part in PACKED.findall(address):
        raw = (
            urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
        )
        yield raw.decode("utf-8", "replace")
        try:
            yield zlib.decompress(raw).decode("utf-8", "replace")
        except zlib.error:
            continue

"""Listens to what the site says outside of its pages: a name there is a leak (V14.2.1).

Lines of the log, addresses (of redirects, of links, forms and files on pages, of links in
letters) and subjects of letters. Whatever test runs, none of them names the cast.
"""

import logging
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import StringIO
from typing import Any
from urllib.parse import unquote_plus

import pytest
from sqlalchemy import event
from werkzeug.test import Client, TestResponse

from neupusti.core.mail.models import OutboxEmail
from neupusti.core.web.log import KeyValue
from tests.people import CAST

COUNTRY = len("+7")
NEEDLES = [needle for person in CAST for needle in (person.email, person.phone[COUNTRY:])]
BETWEEN = re.compile(r"[\s()+-]+")
"""What people put between the digits of a phone."""
PACKED = re.compile(r"[\w-]{12,}", re.ASCII)
"""What may be text in base64, as signed tokens are."""
ADDRESSES = frozenset({"href", "action", "formaction", "src", "srcset", "data", "content"})
WRITTEN = re.compile(r"\w+://\S+")


def telling(line: str) -> bool:
    """Tell whether a line names somebody of the cast, percent-encoded or spaced out too."""
    plain = BETWEEN.sub("", unquote_plus(unquote_plus(line))).casefold()
    return any(needle in plain for needle in NEEDLES)


def revealing(address: str) -> bool:
    """Tell whether an address names somebody, be it in a token that anybody can read."""
    return telling(address) or any(map(telling, _unpacked(address)))


@dataclass
class Heard:
    """What was overheard: every line of the log, and every leak that is not in it."""

    lines: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """Return all that names somebody."""
        return [*(line for line in self.lines if telling(line)), *self.leaks]

    def address(self, where: str, address: str) -> None:
        """Look at one address."""
        if revealing(address):
            self.leaks.append(f"{where}: {address}")

    def answer(self, answer: TestResponse) -> None:
        """Look at the addresses of one answer: where it leads, and what its page links."""
        at = answer.request.path
        self.address(f"redirect of {at}", answer.headers.get("Location", ""))
        if answer.mimetype == "text/html" and "Content-Encoding" not in answer.headers:
            for address in addresses(answer.text):
                self.address(f"page {at}", address)

    def letter(self, letter: OutboxEmail) -> None:
        """Look at the subject of one letter, and at every link it holds."""
        if telling(letter.subject):
            self.leaks.append(f"subject of {letter.kind}: {letter.subject}")
        for address in (*WRITTEN.findall(letter.text), *addresses(letter.html)):
            self.address(f"letter {letter.kind}", address)


@contextmanager
def listening() -> Iterator[Heard]:
    """Overhear each line as it is formatted, each answer of a client, each letter."""
    heard = Heard()
    write, ask = KeyValue.format, Client.open

    def overheard(self: KeyValue, record: logging.LogRecord) -> str:
        heard.lines.append(write(self, record))
        return heard.lines[-1]

    def answered(self: Client, *args: Any, **kwargs: Any) -> TestResponse:
        answer = ask(self, *args, **kwargs)
        heard.answer(answer)
        return answer

    def posted(_mapper: object, _connection: object, letter: OutboxEmail) -> None:
        heard.letter(letter)

    others = logging.StreamHandler(StringIO())
    others.setLevel(logging.WARNING)
    others.setFormatter(KeyValue())
    logging.getLogger().addHandler(others)
    event.listen(OutboxEmail, "before_insert", posted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeyValue, "format", overheard)
        patch.setattr(Client, "open", answered)
        yield heard
    event.remove(OutboxEmail, "before_insert", posted)
    logging.getLogger().removeHandler(others)


def addresses(page: str) -> list[str]:
    """Return every address a page holds, and every value a form would put into one."""
    reader = _Reader()
    reader.feed(page)
    return reader.found


class _Reader(HTMLParser):
    """Collects what becomes an address when a page is read, followed or sent."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.asks = False
        """Whether the form it stands in is sent as an address."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.asks = said.get("method", "get").lower() != "post"
        self.found += [said[name] for name in said if name in ADDRESSES]
        if self.asks and tag in {"input", "option", "button"}:
            self.found.append(said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.asks = False


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

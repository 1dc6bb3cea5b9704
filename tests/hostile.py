"""Expensive requests to every public route, with extreme parts.

The targets are read from the site: its URL map, access rules, forms and links.
"""

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Flask, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder

from neupusti.core.registry import registry
from neupusti.core.rules import Who
from neupusti.core.security.authorisation import rules
from neupusti.core.web import choice

HEADER, ADDRESS, BODY = 60_000, 8000, 60_000
"""Bytes that servers accept; for an address the required minimum (RFC 9110, 4.1)."""
LONG = 200
METHODS = frozenset({"GET", "POST"})
LINK = re.compile(r'\b(?:href|src|action)="(/[^"?#]+)')
NAME = re.compile(r'<(?:input|button|select|textarea)\b[^>]*\bname="([^"]+)"')
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
OWN = {"HTTP_SEC_FETCH_SITE": "same-origin"}
READ = (
    "ACCEPT", "ACCEPT_CHARSET", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "AUTHORIZATION",
    "CACHE_CONTROL", "COOKIE", "FORWARDED", "IF_MATCH", "IF_MODIFIED_SINCE",
    "IF_NONE_MATCH", "IF_RANGE", "ORIGIN", "RANGE", "REFERER", "SEC_FETCH_SITE", "SEC_GPC",
    "USER_AGENT", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP",
)  # fmt: skip
"""Headers that some library or layer may parse."""
BYTES = bytes(range(1, 256)).decode("latin-1")
PIECES = (
    "a", ",", ";", "=", " ", "\t", ".", "-", "/", "%", "&", "+", ":", "@", "0", '"', "\\",
    "(", "[", "<", "a,", "a;", "a=b;", "; ", "a b ", "a.", "1.", "1,", '"a",', 'W/"a",',
    "a;q=0.1,", "en-GB;q=0.9, ", "gzip, ", "bytes=0-1,", "for=1;by=2,", "10.0.0.1, ",
    "::", "/..", "//", "%2e/", "%00", "%ff", "%25", "&a", "&a=", "a=1&", "\xd0\xb0", "\xff",
    "\xcc\x81", "\xe2\x80\xae", "<a ", "Mozilla/5.0 (", "consent=", "consent=; ", "theme=;",
    "session=.; ", BYTES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its environment is built again each time it is sent."""

    environ: dict[str, Any]
    body: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes a client sends for it."""
        sent = (value for name, value in self.environ.items() if _is_sent(name))
        return sum(map(len, sent)) + len(self.body)

    def fresh(self, turn: int = 0) -> dict[str, Any]:
        """Return the environment of WSGI, with the body unread.

        Long values end differently in each turn, so that no cache helps.
        """
        own = {"wsgi.input": BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body))}
        ends = {
            name: f"{value}{turn}"
            for name, value in self.environ.items()
            if _is_sent(name) and len(value) > LONG
        }
        return {**self.environ, **ends, **(own if self.body else {})}


@dataclass(frozen=True)
class Target:
    """A public route and a method."""

    rule: Rule
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"


@dataclass
class Generator:
    """Generates requests to one site, reproducible by seed."""

    app: Flask
    seed: int = 9
    fields: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    visitors: list[dict[str, str]] = field(default_factory=list)
    """Cookies and CSRF token of each kind of visitor."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.targets = list(targets(self.app))
        self._crawl()

    def requests(self, target: Target, number: int) -> Iterator[Request]:
        """Yield `number` requests to one target."""
        for _ in range(number):
            yield self.request(target)

    def request(self, target: Target) -> Request:
        """Return one request to `target`: mostly usual, with some extreme parts."""
        visitor = self.dice.choice(self.visitors)
        environ = {
            **EnvironBuilder("/", method=target.method).get_environ(),
            "PATH_INFO": self._path(target.rule),
            "REMOTE_ADDR": ".".join(str(self.dice.randrange(256)) for _ in range(4)),
            "HTTP_HOST": "localhost",
            **OWN,
        }
        if cookies := visitor.get("cookies"):
            environ["HTTP_COOKIE"] = cookies
        ways = [self._headers, self._cookies, self._query, self._deep]
        for way in self.dice.sample(ways, self.dice.choice((1, 1, 2, 3, 4))):
            environ |= way(environ)
        if target.method != "POST":
            return Request(environ)
        kind, body = self._body(visitor.get("token", ""))
        return Request({**environ, "CONTENT_TYPE": kind}, body[:BODY])

    def extremes(self, target: Target) -> Iterator[Request]:
        """Yield, for each visitor, a request with every part extreme."""
        for visitor in self.visitors:
            strange = "; ".join(f"n{number}={number}" for number in range(200))
            request = self.request(target)
            yield replace(
                request,
                environ=request.environ
                | self._query(request.environ)
                | {"PATH_INFO": request.environ["PATH_INFO"] + "/a" * 1000}
                | {"HTTP_COOKIE": f"{visitor.get('cookies', '')}; {strange}"},
            )

    def _crawl(self) -> None:
        """Read every page: collect field names and values of URL arguments."""
        strangers, token = self.app.test_client(), ""
        with strangers.session_transaction() as kept:
            kept["csrf_token"] = "0" * 40
        names, found = {"next", choice.MARKER}, set[tuple[str, Any]]()
        router = self.app.url_map.bind("localhost")
        for page in (strangers.get(address).text for address in self.addresses()):
            names.update(NAME.findall(page))
            token = written[1] if (written := TOKEN.search(page)) else token
            for link in set(LINK.findall(page)):
                with suppress(HTTPException):
                    found.update(router.match(link)[1].items())
        self.fields = sorted(names)
        for name, value in sorted(found):
            self.values.setdefault(name, []).append(value)
        refusing = self.app.test_client()
        headers = {"Sec-Fetch-Site": "same-origin"}
        refusing.post("/cookies/", data={"choice": "reject"}, headers=headers)
        session, consent = strangers.get_cookie("session"), refusing.get_cookie("consent")
        assert session
        assert consent
        refused = f"consent={consent.value}"
        self.visitors = [
            {},
            {"cookies": refused[:-4] + "AAAA"},
            {"cookies": refused},
            {"cookies": f"session={session.value}", "token": token},
            {"cookies": f"{refused}; session={session.value}", "token": token},
        ]

    def addresses(self) -> list[str]:
        """Return every address without arguments, and those of the sitemap."""
        plain = [t.rule.rule for t in self.targets if not t.rule.arguments]
        with self.app.test_request_context():
            listed = [url_for(name, **values) for name, values in registry().addresses()]
        return sorted({*plain, *listed})

    def _path(self, rule: Rule) -> str:
        """Return the path of a route, with real or random arguments."""

        def value(name: str) -> str:
            known = self.values.get(name)
            if known and self.dice.random() < 1 / 2:
                return self.dice.choice(known)
            return self._long(self.dice.choice((HEADER, ADDRESS, 100, 100, 100, 100)))

        prefix = self.dice.choice(("", "/kk", "/en"))
        found = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda m: value(m[1]), rule.rule)
        return prefix + found

    def _long(self, most: int) -> str:
        """Return up to `most` bytes of one piece after another, or of one piece."""
        length = self.dice.choice((most, most // 2, most // 50, 3))
        if self.dice.random() < 1 / 2:
            piece = self.dice.choice(PIECES)
            begin, end = (
                self.dice.choice(("", "a", '"', "a=", "/")),
                self.dice.choice("a,;"),
            )
            return (begin + piece * (length // len(piece)))[: max(length - 1, 1)] + end
        some = "".join(self.dice.choice(PIECES) for _ in range(40))
        return (some * (length // len(some) + 1))[:length]

    def _headers(self, environ: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        names = self.dice.sample(READ, self.dice.choice((1, 1, 3)))
        return {f"HTTP_{name}": self._long(HEADER // len(names)) for name in names}

    def _cookies(self, environ: dict[str, Any]) -> dict[str, Any]:
        number = self.dice.choice((200, 200, 2000))
        kind = self.dice.randrange(4)
        named = {
            0: lambda n: f"n{n}={n}",
            1: lambda n: f"{BYTES[n % 255]}{n}={BYTES}"[: HEADER // number],
            2: lambda n: f"__Host-n{n}={'v' * 20}",
            3: lambda n: f"{self.dice.choice(('consent', 'session', 'theme'))}=1.{n}",
        }[kind]
        kept = environ.get("HTTP_COOKIE", "")
        return {"HTTP_COOKIE": f"{kept}; {'; '.join(map(named, range(number)))}"}

    def _query(self, environ: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        most = self.dice.choice((HEADER, ADDRESS, ADDRESS - 2100))
        if self.dice.random() < 1 / 3:
            return {"QUERY_STRING": self._long(most)}
        number = self.dice.choice((1, 3, most // 12))
        pairs = (
            f"{self.dice.choice(self.fields)}"
            f"={quote(self._long(most // number), safe='%/,;:')}"
            for _ in range(number)
        )
        return {"QUERY_STRING": "&".join(pairs)[:most]}

    def _deep(self, environ: dict[str, Any]) -> dict[str, Any]:
        if self.dice.random() < 2 / 3:
            return {}
        segment = self.dice.choice(("/a", "/", "/..", "/.", "/\xd0\xb0", "/%", "/a.b"))
        return {"PATH_INFO": environ["PATH_INFO"].rstrip("/") + segment * 1000}

    def _body(self, token: str) -> tuple[str, bytes]:
        """Return content type and body of a form with extreme parts."""
        names = self.dice.sample(self.fields, 8)
        number = self.dice.choice((1, 1, 3, len(names)))
        pairs = [("csrf_token", token)] + [
            (name, self._long(BODY // 4 // number) if place < number else "a")
            for place, name in enumerate(names)
            if name != "csrf_token"
        ]
        kind = self.dice.randrange(4)
        if kind == 0:
            return self._multipart(pairs)
        if kind == 1:
            pairs += [(f"{self.dice.choice(names)}", "")] * 20_000
        form = "&".join(f"{name}={quote(text, safe='/')}" for name, text in pairs)
        if kind == 2:
            return self._long(2000), (form + self._long(BODY)).encode("latin-1")
        return "application/x-www-form-urlencoded", form.encode("latin-1")

    def _multipart(self, pairs: list[tuple[str, str]]) -> tuple[str, bytes]:
        boundary = self.dice.choice(("b", "b" * 70, "-" * 70, self._long(2000)))
        around = self.dice.choice(("", self._long(BODY // 4)))
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{around}'
            f"\r\n\r\n{text}\r\n"
            for name, text in pairs * self.dice.choice((1, 30))
        )
        end = self.dice.choice((f"--{boundary}--\r\n", self._long(BODY), "\r\n--b" * 9000))
        body = (parts + end).encode("latin-1")
        return f"multipart/form-data; boundary={boundary}", body


def targets(app: Flask) -> Iterator[Target]:
    """Yield every route and method that is open to everybody."""
    table = rules(app)
    for rule in app.url_map.iter_rules():
        if table[rule.endpoint].who is Who.PUBLIC:
            for method in sorted((rule.methods or set()) & METHODS):
                yield Target(rule, method)


def _is_sent(name: str) -> bool:
    return name.startswith("HTTP_") or name in {"PATH_INFO", "QUERY_STRING"}


def send(app: Flask, request: Request, turn: int = 0) -> int:
    """Send one request through the whole site; return the status, the body read."""
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *exc: Any) -> Any:
        statuses.append(status)

    answer = app(request.fresh(turn), start)
    try:
        for _ in answer:
            pass
    finally:
        if close := getattr(answer, "close", None):
            close()
    return int(statuses[-1][:3])

"""The gate at the edge: no cookie enters or leaves without a declaration and a yes.

It wraps the WSGI application, because the session's cookie is written after the last
hook of the framework has run; so error pages, static files, streamed bodies, redirects
and headers written by hand all pass through here.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from neupusti.consent.service import deletion
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.gate import Gate, Verdict
from neupusti.core.choice import KEY, SIGNAL, UNDECIDED, Choice, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)
Headers = list[tuple[str, str]]


class UndeclaredCookieError(RuntimeError):
    """Our own code sets a cookie that no feature declares, or for longer than declared."""


class Guard:
    """WSGI middleware between the edge and the application."""

    def __init__(
        self,
        inner: "WSGIApplication",
        gate: Gate,
        tally: Tally,
        *,
        strict: Callable[[], bool],
    ) -> None:
        self.inner, self.gate, self.tally, self.strict = inner, gate, tally, strict

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, with the visitor's choice known and kept to."""
        header = environ.get("HTTP_COOKIE")
        names: list[str] = []
        if header:
            environ[KEY], names = self._enter(environ, header)
        else:
            environ[KEY] = SIGNAL if environ.get("HTTP_SEC_GPC") == "1" else UNDECIDED

        def started(
            status: str, headers: Headers, *exc_info: Any
        ) -> Callable[[bytes], object]:
            # The view may just have taken a new choice: that one counts for the answer.
            choice: Choice = environ[KEY]
            headers = self._leave(choice, headers)
            if names and choice.state is State.DECIDED:
                headers += self._forgetting(choice, names, headers, environ)
            if choice.state is State.UNDECIDED and _asks(environ, status, headers):
                self.tally.show()
            return start(status, headers, *exc_info)

        return self.inner(environ, started)

    def _enter(self, environ: "WSGIEnvironment", header: str) -> tuple[Choice, list[str]]:
        """Read the choice, hide every cookie it does not allow; return all the names."""
        names, parts, sealed = [], header.split(";"), []
        for part in parts:
            name, equals, value = part.partition("=")
            # A lone value is a cookie without a name, and so is `=name=value`.
            name = name.strip(" \t") if equals else ""
            names.append(name)
            if name == self.gate.consent:
                sealed.append(value.strip(" \t"))
        choice = self.gate.choice(sealed, signal=environ.get("HTTP_SEC_GPC") == "1")
        allows, granted = self.gate.allows, choice.granted
        kept = [p for n, p in zip(names, parts, strict=True) if allows(n, granted)]
        if len(kept) < len(parts):
            if kept:
                environ["HTTP_COOKIE"] = ";".join(kept).strip(" \t")
            else:
                del environ["HTTP_COOKIE"]
        return choice, names

    def _leave(self, choice: Choice, headers: Headers) -> Headers:
        """Return the headers without the cookies that may not leave, with their `Vary`."""
        names = [name.lower() for name, _ in headers]
        if "set-cookie" in names:
            headers = [
                pair
                for name, pair in zip(names, headers, strict=True)
                if name != "set-cookie" or self._passes(pair[1], choice)
            ]
            names = [name.lower() for name, _ in headers]
        if "content-type" in names and _is_page(headers[names.index("content-type")][1]):
            _vary(headers, names)
            if "content-security-policy" not in names and (
                policy := self.gate.policy(choice.granted)
            ):
                headers.append(("Content-Security-Policy", policy))
        return headers

    def _passes(self, line: str, choice: Choice) -> bool:
        name, verdict = self.gate.verdict(line, choice.granted)
        if verdict is Verdict.STRAY:
            if self.strict():
                raise UndeclaredCookieError(name)
            if self.tally.stray(name):
                logger.error("undeclared cookie dropped", extra={"fields": {"name": name}})
        return verdict is Verdict.PASSES

    def _forgetting(
        self,
        choice: Choice,
        names: list[str],
        headers: Headers,
        environ: "WSGIEnvironment",
    ) -> Headers:
        """Return the lines that expire what the browser sent and the choice does not allow.

        A shared cache must never keep such a line: what it may keep goes out without.
        """
        unwanted = [
            name
            for name in names
            if not self.gate.allows(name, choice.granted)
            or (choice.erase and name != self.gate.consent)
        ]
        cached = any(n.lower() == "cache-control" and "public" in v for n, v in headers)
        if cached or not (unwanted or choice.withdrawn):
            return []
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return [
            ("Set-Cookie", line)
            for line in deletion.expiring(
                self.gate.cookies_of(choice.withdrawn),
                unwanted,
                host=environ.get("HTTP_HOST", ""),
                paths=[
                    prefix
                    for one in (path, environ.get(BACK, path))
                    for prefix in deletion.prefixes(quote(one.encode("latin-1")))
                ],
                secure=self.gate.secure or environ.get("wsgi.url_scheme") == "https",
            )
        ]


BACK = "neupusti.consent.back"
"""Set by the view of a choice: the path its visitor came from."""


def _is_page(content_type: str) -> bool:
    return content_type.startswith("text/html")


def _asks(environ: "WSGIEnvironment", status: str, headers: Headers) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and status.startswith("200")
        and any(n.lower() == "content-type" and _is_page(v) for n, v in headers)
    )


def _vary(headers: Headers, names: list[str]) -> None:
    if "vary" not in names:
        headers.append(("Vary", "Cookie"))
        return
    place = names.index("vary")
    name, value = headers[place]
    if "cookie" not in value.lower():
        headers[place] = (name, f"{value}, Cookie")

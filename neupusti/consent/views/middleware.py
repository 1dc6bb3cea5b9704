"""The gate at the edge: no cookie enters or leaves without a declaration and a yes.

It wraps the WSGI application, because the session's cookie is written after the last
hook of the framework has run; so error pages, static files, streamed bodies, redirects
and headers written by hand all pass through here.
"""

import logging
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

from neupusti.consent.service import deletion
from neupusti.consent.service.cookie_policy import CookiePolicy, Verdict
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.deletion import Unwanted
from neupusti.core.web.choice import KEY, SIGNAL, UNDECIDED, Choice, ChoiceState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)
Headers = list[tuple[str, str]]
HTML = "text/html"
BACK = "neupusti.consent.back"
"""Set by the view of a choice: the path its visitor came from."""

COOKIE, PAGE, VARY = "set-cookie", "content-type", "vary"
POLICY = "content-security-policy"
WATCHED = (COOKIE, PAGE, VARY, POLICY)
OTHER = "other"
KINDS = {
    **{name.title(): name for name in WATCHED},
    **dict.fromkeys(("Content-Length", "Cache-Control", "ETag", "Location"), OTHER),
}
"""The usual spellings: they need not be lowered at every answer."""


class UndeclaredCookieError(RuntimeError):
    """Our own code sets a cookie that no feature declares, or for longer than declared."""


class CookieMiddleware:
    """WSGI middleware between the edge and the application."""

    def __init__(
        self,
        inner: "WSGIApplication",
        gate: CookiePolicy,
        tally: Tally,
        *,
        strict: Callable[[], bool],
    ) -> None:
        self.inner, self.cookie_policy, self.tally, self.strict = inner, gate, tally, strict

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, with the visitor's choice known and kept to."""
        header: str = environ.get("HTTP_COOKIE", "")
        if header:
            environ[KEY] = self._enter(environ, header)
        else:
            environ[KEY] = SIGNAL if environ.get("HTTP_SEC_GPC") == "1" else UNDECIDED

        def started(
            status: str, headers: Headers, *exc_info: Any
        ) -> Callable[[bytes], object]:
            # The view may just have taken a new choice: that one counts for the answer.
            choice: Choice = environ[KEY]
            kinds = [KINDS.get(name) or _kind(name) for name, _ in headers]
            if COOKIE in kinds:
                headers, kinds = self._leave(choice, headers, kinds)
            if PAGE in kinds and headers[kinds.index(PAGE)][1].startswith(HTML):
                self._page(choice, environ, status, headers, kinds)
            if header and choice.state is ChoiceState.DECIDED:
                headers += self._forgetting(choice, header, headers, environ)
            return start(status, headers, *exc_info)

        return self.inner(environ, started)

    def _enter(self, environ: "WSGIEnvironment", header: str) -> Choice:
        """Read the choice, and hide every cookie it does not allow."""
        gate = self.cookie_policy
        pairs = gate.ours(header)
        choice = gate.choice(
            [value for name, value in pairs if name == gate.consent],
            signal=environ.get("HTTP_SEC_GPC") == "1",
        )
        visible, granted = gate.visible(choice.granted), choice.granted
        if kept := [
            f"{name}={value}"
            for name, value in pairs
            if name in visible or gate.allows(name, granted)
        ]:
            environ["HTTP_COOKIE"] = "; ".join(kept)
        else:
            del environ["HTTP_COOKIE"]
        return choice

    def _leave(
        self, choice: Choice, headers: Headers, kinds: list[str]
    ) -> tuple[Headers, list[str]]:
        """Return the headers, and their kinds, without the cookies that may not leave."""
        kept = [
            (kind, pair)
            for kind, pair in zip(kinds, headers, strict=True)
            if kind != COOKIE or self._passes(pair[1], choice)
        ]
        return [pair for _, pair in kept], [kind for kind, _ in kept]

    def _page(
        self,
        choice: Choice,
        environ: "WSGIEnvironment",
        status: str,
        headers: Headers,
        kinds: list[str],
    ) -> None:
        """Complete the headers of a page: it differs by the visitor's choice."""
        if VARY not in kinds:
            headers.append(("Vary", "Cookie"))
        else:
            name, value = headers[kinds.index(VARY)]
            if "Cookie" not in value:
                headers[kinds.index(VARY)] = (name, f"{value}, Cookie")
        asks = choice.state is ChoiceState.UNDECIDED and status.startswith("200")
        if asks and environ["REQUEST_METHOD"] == "GET":
            self.tally.show()
        if POLICY not in kinds and (policy := self.cookie_policy.policy(choice.granted)):
            headers.append(("Content-Security-Policy", policy))

    def _passes(self, line: str, choice: Choice) -> bool:
        name, verdict = self.cookie_policy.verdict(line, choice.granted)
        if verdict is Verdict.STRAY:
            if self.strict():
                raise UndeclaredCookieError(name)
            if self.tally.undeclared_one(name):
                logger.error("undeclared cookie dropped", extra={"fields": {"name": name}})
        return verdict is Verdict.PASSES

    def _forgetting(
        self,
        choice: Choice,
        header: str,
        headers: Headers,
        environ: "WSGIEnvironment",
    ) -> Headers:
        """Return the lines that expire what the browser sent and the choice does not allow.

        A shared cache must never keep such a line: what it may keep goes out without.
        """
        unwanted = self.cookie_policy.unwanted(header, choice)
        first = next(unwanted, None)
        if first is None and not choice.withdrawn:
            return []
        if any(n.lower() == "cache-control" and "public" in v for n, v in headers):
            return []
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        lines = deletion.expiring(
            Unwanted(
                self.cookie_policy.places_of(choice.withdrawn),
                unwanted if first is None else chain((first,), unwanted),
                environ.get("HTTP_HOST", ""),
                (_decoded(path), environ.get(BACK, "/")),
                self.cookie_policy.secure or environ.get("wsgi.url_scheme") == "https",
                begins=BACK in environ,
            )
        )
        return [("Set-Cookie", line) for line in lines]


def _decoded(path: str) -> str:
    # WSGI hands bytes over as Latin-1; what is no UTF-8 the edge has refused already.
    return path.encode("latin-1", "replace").decode(errors="replace")


def _kind(name: str) -> str:
    """Return what a header is to the gate, in whatever letters its name is written."""
    kind = name.lower()
    return kind if kind in WATCHED else OTHER

"""WSGI middleware: remove every cookie that is undeclared or not consented to.

It wraps the WSGI application because Flask writes the session cookie after its last hook;
so error pages, static files, streamed bodies, redirects and headers written by hand all
pass through here.
"""

import logging
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

from neupusti.consent.service import deletion
from neupusti.consent.service.cookie_policy import CookiePolicy, Verdict
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.deletion import UnwantedCookies
from neupusti.core.web.choice import KEY, SIGNAL, UNDECIDED, Choice, ChoiceState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)
Headers = list[tuple[str, str]]
HTML = "text/html"
RETURN_PATH = "neupusti.consent.back"
"""WSGI environ key, set by the choice view: the path the visitor came from."""

COOKIE, PAGE, VARY = "set-cookie", "content-type", "vary"
POLICY = "content-security-policy"
WATCHED = (COOKIE, PAGE, VARY, POLICY)
OTHER = "other"
KINDS = {
    **{name.title(): name for name in WATCHED},
    **dict.fromkeys(("Content-Length", "Cache-Control", "ETag", "Location"), OTHER),
}
"""The usual spellings, which need not be lowercased for every response."""


class UndeclaredCookieError(RuntimeError):
    """Our own code set a cookie that is undeclared or outlives its declaration."""


class CookieMiddleware:
    """Filter the cookies of every request and response by the visitor's choice."""

    def __init__(
        self,
        inner: "WSGIApplication",
        cookie_policy: CookiePolicy,
        tally: Tally,
        *,
        strict: Callable[[], bool],
    ) -> None:
        self.inner, self.cookie_policy = inner, cookie_policy
        self.tally, self.strict = tally, strict

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Run the application with the visitor's choice in the environ and enforced."""
        header: str = environ.get("HTTP_COOKIE", "")
        if header:
            environ[KEY] = self._filter_request(environ, header)
        else:
            environ[KEY] = SIGNAL if environ.get("HTTP_SEC_GPC") == "1" else UNDECIDED

        def started(
            status: str, headers: Headers, *exc_info: Any
        ) -> Callable[[bytes], object]:
            # The view may just have stored a new choice: that one applies here.
            choice: Choice = environ[KEY]
            kinds = [KINDS.get(name) or _kind(name) for name, _ in headers]
            if COOKIE in kinds:
                headers, kinds = self._filter_response(choice, headers, kinds)
            if PAGE in kinds and headers[kinds.index(PAGE)][1].startswith(HTML):
                self._complete_page(choice, environ, status, headers, kinds)
            if header and choice.state is ChoiceState.DECIDED:
                headers += self._expiry_headers(choice, header, headers, environ)
            return start(status, headers, *exc_info)

        return self.inner(environ, started)

    def _filter_request(self, environ: "WSGIEnvironment", header: str) -> Choice:
        """Return the choice, and remove every cookie it does not allow from the request."""
        cookie_policy = self.cookie_policy
        pairs = cookie_policy.declared_pairs(header)
        choice = cookie_policy.choice(
            [value for name, value in pairs if name == cookie_policy.consent],
            signal=environ.get("HTTP_SEC_GPC") == "1",
        )
        visible, granted = cookie_policy.visible(choice.granted), choice.granted
        if kept := [
            f"{name}={value}"
            for name, value in pairs
            if name in visible or cookie_policy.allows(name, granted)
        ]:
            environ["HTTP_COOKIE"] = "; ".join(kept)
        else:
            del environ["HTTP_COOKIE"]
        return choice

    def _filter_response(
        self, choice: Choice, headers: Headers, kinds: list[str]
    ) -> tuple[Headers, list[str]]:
        """Return the headers, and their kinds, without the cookies that are not allowed."""
        kept = [
            (kind, pair)
            for kind, pair in zip(kinds, headers, strict=True)
            if kind != COOKIE or self._may_be_set(pair[1], choice)
        ]
        return [pair for _, pair in kept], [kind for kind, _ in kept]

    def _complete_page(
        self,
        choice: Choice,
        environ: "WSGIEnvironment",
        status: str,
        headers: Headers,
        kinds: list[str],
    ) -> None:
        """Add Vary and the widened CSP to an HTML page, and count the banner it shows."""
        if VARY not in kinds:
            headers.append(("Vary", "Cookie"))
        else:
            name, value = headers[kinds.index(VARY)]
            if "Cookie" not in value:
                headers[kinds.index(VARY)] = (name, f"{value}, Cookie")
        asks = choice.state is ChoiceState.UNDECIDED and status.startswith("200")
        if asks and environ["REQUEST_METHOD"] == "GET":
            self.tally.count_shown()
        if POLICY not in kinds and (
            policy := self.cookie_policy.content_security_policy(choice.granted)
        ):
            headers.append(("Content-Security-Policy", policy))

    def _may_be_set(self, line: str, choice: Choice) -> bool:
        name, verdict = self.cookie_policy.verdict(line, choice.granted)
        if verdict is Verdict.UNDECLARED:
            if self.strict():
                raise UndeclaredCookieError(name)
            if self.tally.count_undeclared(name):
                logger.error("undeclared cookie dropped", extra={"fields": {"name": name}})
        return verdict is Verdict.ALLOWED

    def _expiry_headers(
        self,
        choice: Choice,
        header: str,
        headers: Headers,
        environ: "WSGIEnvironment",
    ) -> Headers:
        """Return Set-Cookie headers that expire what the choice does not allow.

        Never for a publicly cacheable response: a shared cache must not store them.
        """
        unwanted = self.cookie_policy.unwanted(header, choice)
        first = next(unwanted, None)
        if first is None and not choice.withdrawn:
            return []
        if any(n.lower() == "cache-control" and "public" in v for n, v in headers):
            return []
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        lines = deletion.expiry_lines(
            UnwantedCookies(
                self.cookie_policy.scopes_of(choice.withdrawn),
                unwanted if first is None else chain((first,), unwanted),
                environ.get("HTTP_HOST", ""),
                (_decoded(path), environ.get(RETURN_PATH, "/")),
                self.cookie_policy.secure or environ.get("wsgi.url_scheme") == "https",
                first_answer=RETURN_PATH in environ,
            )
        )
        return [("Set-Cookie", line) for line in lines]


def _decoded(path: str) -> str:
    # WSGI passes bytes as Latin-1; invalid UTF-8 was rejected before this point.
    return path.encode("latin-1", "replace").decode(errors="replace")


def _kind(name: str) -> str:
    """Return the watched name of a header regardless of case, else OTHER."""
    kind = name.lower()
    return kind if kind in WATCHED else OTHER

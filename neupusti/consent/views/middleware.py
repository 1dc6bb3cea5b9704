"""WSGI middleware: remove every cookie that is undeclared or not consented to.

It wraps the WSGI application because Flask writes the session cookie after its last hook;
so error pages, static files, streamed bodies, redirects and headers written by hand all
pass through here.
"""

import logging
from collections.abc import Callable, Iterable
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
WATCHED = (COOKIE, PAGE, VARY)
OTHER = "other"
USUAL = ("Content-Length", "Content-Encoding", "Cache-Control", "ETag", "Location")


class _Kinds(dict[str, str]):
    """The watched name of a header regardless of case, else OTHER."""

    def __missing__(self, name: str) -> str:
        kind = name.lower()
        return kind if kind in WATCHED else OTHER


KINDS = _Kinds({name.title(): name for name in WATCHED} | dict.fromkeys(USUAL, OTHER))
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
        names: list[str] = []
        unwanted = names
        if header := environ.get("HTTP_COOKIE"):
            before, names, unwanted = self._filter_request(environ, header)
        else:
            before = SIGNAL if environ.get("HTTP_SEC_GPC") == "1" else UNDECIDED
        environ[KEY] = before

        def started(
            status: str, headers: Headers, *exc_info: Any
        ) -> Callable[[bytes], object]:
            # The view may just have stored a new choice: that one applies here.
            choice: Choice = environ[KEY]
            kinds = [KINDS[name] for name, _ in headers]
            if COOKIE in kinds:
                headers, kinds = self._filter_response(choice, headers, kinds)
            if PAGE in kinds and headers[kinds.index(PAGE)][1].startswith(HTML):
                self._complete_page(choice, environ, status, headers, kinds)
            third_party = self.cookie_policy.third_party
            if third_party and third_party & choice.granted:
                self._let_third_parties_in(choice, headers)
            gone = unwanted
            if choice is not before:
                gone = self.cookie_policy.unwanted(names, choice)
            if gone or choice is not before:
                headers += self._expiry_headers(choice, gone, headers, environ)
            return start(status, headers, *exc_info)

        return self.inner(environ, started)

    def _filter_request(
        self, environ: "WSGIEnvironment", header: str
    ) -> tuple[Choice, list[str], list[str]]:
        """Return the choice, the names of this site's cookies, and those not allowed.

        All but the allowed ones are removed from the request.
        """
        cookie_policy = self.cookie_policy
        pairs = cookie_policy.own_pairs(header)
        names, signed = [], []
        for name, value in pairs:
            names.append(name)
            if name == cookie_policy.consent:
                signed.append(value)
        choice = cookie_policy.choice(signed, signal=environ.get("HTTP_SEC_GPC") == "1")
        unwanted: list[str] = []
        if not cookie_policy.visible(choice.granted).issuperset(names):
            unwanted = cookie_policy.unwanted(names, choice)
        if unwanted or header.count(";") >= len(names):
            kept = [f"{name}={value}" for name, value in pairs if name not in unwanted]
            environ["HTTP_COOKIE"] = "; ".join(kept)
            if not kept:
                del environ["HTTP_COOKIE"]
        return choice, names, unwanted

    def _filter_response(
        self, choice: Choice, headers: Headers, kinds: list[str]
    ) -> tuple[Headers, list[str]]:
        """Return the headers, and their kinds, with the allowed cookies only."""
        kept = []
        for kind, (name, value) in zip(kinds, headers, strict=True):
            line = self._allowed(value, choice) if kind == COOKIE else value
            if line is not None:
                kept.append((kind, (name, line)))
        return [pair for _, pair in kept], [kind for kind, _ in kept]

    def _complete_page(
        self,
        choice: Choice,
        environ: "WSGIEnvironment",
        status: str,
        headers: Headers,
        kinds: list[str],
    ) -> None:
        """Add Vary to an HTML page, and count the banner it shows."""
        _vary_by_cookie(headers, kinds)
        asks = choice.state is ChoiceState.UNDECIDED and status.startswith("200")
        if asks and environ["REQUEST_METHOD"] == "GET":
            self.tally.count_shown()

    def _let_third_parties_in(self, choice: Choice, headers: Headers) -> None:
        """Add the headers of third parties with consent, also to a 304.

        A browser replaces the headers of the page it kept by those of the 304. A response
        for everybody stays as it is: a shared cache must not store a visitor's policy.
        """
        if _is_public(headers):
            return
        kinds = [name.lower() for name, _ in headers]
        _vary_by_cookie(headers, kinds)
        headers += [
            header
            for header in self.cookie_policy.third_party_headers(choice.granted)
            if header[0].lower() not in kinds
        ]

    def _allowed(self, line: str, choice: Choice) -> str | None:
        """Return a Set-Cookie header as it may leave, or None."""
        name, verdict, line = self.cookie_policy.rule(line, choice)
        if verdict is Verdict.UNDECLARED:
            if self.strict():
                raise UndeclaredCookieError(name)
            if self.tally.count_undeclared(name):
                logger.error("undeclared cookie dropped", extra={"fields": {"name": name}})
        return line if verdict is Verdict.ALLOWED else None

    def _expiry_headers(
        self,
        choice: Choice,
        unwanted: list[str],
        headers: Headers,
        environ: "WSGIEnvironment",
    ) -> Headers:
        """Return Set-Cookie headers that expire `unwanted` and what the choice withdraws.

        Never for a publicly cacheable response: a shared cache must not store them.
        """
        scopes = self.cookie_policy.scopes_of(choice)
        if not (unwanted or scopes) or _is_public(headers):
            return []
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        lines = deletion.expiry_lines(
            UnwantedCookies(
                scopes,
                tuple(unwanted),
                environ.get("HTTP_HOST", ""),
                (_decoded(path), environ.get(RETURN_PATH, "/")),
                self.cookie_policy.secure or environ.get("wsgi.url_scheme") == "https",
                first_answer=RETURN_PATH in environ,
            )
        )
        return [("Set-Cookie", line) for line in lines]


def _is_public(headers: Headers) -> bool:
    """Return whether a shared cache may store a response."""
    return any("public" in v and n.lower() == "cache-control" for n, v in headers)


def _vary_by_cookie(headers: Headers, kinds: list[str]) -> None:
    if VARY not in kinds:
        headers.append(("Vary", "Cookie"))
        return
    name, value = headers[kinds.index(VARY)]
    if "Cookie" not in value:
        headers[kinds.index(VARY)] = (name, f"{value}, Cookie")


def _decoded(path: str) -> str:
    # WSGI passes bytes as Latin-1; invalid UTF-8 was rejected before this point.
    return path.encode("latin-1", "replace").decode(errors="replace")

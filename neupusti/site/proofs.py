"""Proofs about the site's own public pages, which it asks itself for without cookies.

Inside the application: neither the log of requests nor a cache learns of it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from html.parser import HTMLParser
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, url_for
from flask_babel import lazy_gettext as _
from markupsafe import escape
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from neupusti.config.settings import settings
from neupusti.core.proofs.proof import AnyProof, Check, Looking
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language, LanguagePrefix
from neupusti.core.web import edge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECONDS = 20.0
LOADED = ("src", "srcset", "action", "data", "poster", "background")
"""The attributes by which a page loads or sends something; `href` does so in `<link>`."""
OWN = {"Cache-Control", "Link"}
"""The headers of every answer that a page may have otherwise."""
GUARDS = {name: value for name, value in edge.HEADERS if name not in OWN}
FOREIGN = "https://foreign.example/"


class Answer(NamedTuple):
    """What the site answered to somebody without a cookie."""

    status: int
    headers: Headers
    html: str


class Sources(HTMLParser):
    """Collects from where a page loads something, and where its forms go."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element."""
        names = (*LOADED, "href") if tag == "link" else LOADED
        self.found += [value or "" for name, value in attrs if name in names]


def _pages(_looking: Looking) -> Iterator[Answer]:
    for endpoint, values in registry().pages_for_sitemap():
        if not values:
            with current_app.test_request_context(base_url=settings().base_url):
                path = url_for(endpoint)
            yield _answer(path, settings().base_url)


def _foreign(_looking: Looking) -> Iterator[Answer]:
    yield _answer("/", FOREIGN)


def _answer(path: str, base: str) -> Answer:
    """Ask for a page as the outermost layer of the served site passes it on."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    served = cast("edge.Edge", cast("LanguagePrefix", app.wsgi_app).inner)
    inside = LanguagePrefix(served.around(_unlogged(app)))
    environ = EnvironBuilder(path, base_url=base).get_environ()
    # A request shares nothing with whoever started the proofs.
    body, status, headers = Context().run(run_wsgi_app, inside, environ)
    return Answer(int(status.partition(" ")[0]), headers, b"".join(body).decode())


def _unlogged(app: Flask) -> "WSGIApplication":
    """Return the application without what stands between it and the outermost layer."""

    def call(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with app.request_context(environ):
            try:
                response = app.full_dispatch_request()
            except Exception:  # noqa: BLE001 - a page that fails does not open, whatever it was
                start("500 Internal Server Error", [])
                return []
            return response(environ, start)

    return call


def _is_unguarded(answer: Answer) -> bool:
    return any(answer.headers.get(name) != value for name, value in GUARDS.items())


def _names_nobody(answer: Answer) -> bool:
    operator = settings().operator.in_language(Language.RU)
    named = (operator.name, operator.responsible)
    return any(str(escape(name)) not in answer.html for name in named)


def _loads_foreign(answer: Answer) -> bool:
    hosts = {urlsplit(address).netloc for address in Sources(answer.html).found}
    return bool(hosts - {"", settings().host})


def _card() -> str:
    operator = settings().operator
    return f"{escape(operator.name)} {escape(operator.responsible)}"


def _check(
    wrong: Callable[[Answer], bool],
    forged: Answer,
    right: Callable[[], Answer],
    items: Callable[[Looking], Iterable[Answer]] = _pages,
    **declared: Any,
) -> Check[Answer]:
    return Check(
        items=items,
        wrong=wrong,
        forged=lambda: forged,
        right=right,
        seconds=SECONDS,
        **declared,
    )


def _page(
    html: str = "", status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Answer:
    return Answer(status, Headers(headers or {}), html)


ALL: tuple[AnyProof, ...] = (
    _check(
        lambda answer: answer.status != HTTPStatus.OK,
        _page(status=HTTPStatus.FOUND),
        _page,
        clauses=("3.3.1",),
        name="pages-without-cookies",
        says=_("Each public page opens without cookies."),
    ),
    _check(
        lambda answer: "Set-Cookie" in answer.headers,
        _page(headers={"Set-Cookie": "counter=1"}),
        _page,
        clauses=("1.1.7", "3.3.3"),
        name="pages-set-no-cookies",
        says=_("No public page sets a cookie before you choose."),
    ),
    _check(
        _loads_foreign,
        _page('<img src="//counter.example/">'),
        lambda: _page('<img src="/static/a.svg"><a href="https://example.kz/">'),
        clauses=("2.3", "4.1.10"),
        name="pages-load-nothing-foreign",
        says=_("No public page loads or sends anything to another site."),
    ),
    _check(
        _is_unguarded,
        _page(headers={**GUARDS, "Content-Security-Policy": "default-src *"}),
        lambda: _page(headers=GUARDS),
        clauses=("6.2.3",),
        name="pages-guarded",
        says=_("Each public page carries the headers by which browsers guard it."),
    ),
    _check(
        _names_nobody,
        _page(),
        lambda: _page(_card()),
        clauses=("preamble", "9.4"),
        name="pages-name-the-operator",
        says=_("Each public page names the operator and who answers for personal data."),
    ),
    _check(
        lambda answer: answer.status != HTTPStatus.BAD_REQUEST,
        _page(),
        lambda: _page(status=HTTPStatus.BAD_REQUEST),
        _foreign,
        clauses=("1.1.5",),
        name="foreign-names-refused",
        says=_("A request by the name of another site is refused."),
    ),
)

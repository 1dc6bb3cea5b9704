"""Proofs about the site's own public pages, which it asks itself for without cookies.

Inside the application: neither the log of requests nor a cache learns of it.
"""

from collections.abc import Callable, Iterator
from contextvars import Context
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Flask, current_app, url_for
from flask_babel import lazy_gettext as _

from neupusti.config.settings import settings
from neupusti.core.proofs.proof import AnyProof, Check, Looking
from neupusti.core.registry import registry

SECONDS = 20.0
LOADED = ("src", "srcset", "action", "data", "poster", "background")
"""The attributes by which a page loads or sends something; `href` does so in `<link>`."""


class Answer(NamedTuple):
    """What the site answered to somebody without a cookie."""

    status: int
    cookies: int
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


def _answers(_looking: Looking) -> Iterator[Answer]:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    for endpoint, values in registry().pages_for_sitemap():
        if not values:
            # A request shares nothing with whoever started the proofs.
            yield Context().run(_answer, app, endpoint, settings().base_url)


def _answer(app: Flask, endpoint: str, base: str) -> Answer:
    with app.test_request_context(base_url=base):
        path = url_for(endpoint)
    with app.test_request_context(path, base_url=base):
        try:
            response = app.full_dispatch_request()
        except Exception:  # noqa: BLE001 - a page that fails does not open, whatever it was
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, 0, "")
        cookies = response.headers.getlist("Set-Cookie")
        return Answer(response.status_code, len(cookies), response.get_data(as_text=True))


def _loads_foreign(answer: Answer) -> bool:
    hosts = {urlsplit(address).netloc for address in Sources(answer.html).found}
    return not hosts <= {"", settings().host}


def _check(
    wrong: Callable[[Answer], bool], forged: Answer, right: Answer, **declared: Any
) -> Check[Answer]:
    return Check(
        items=_answers,
        wrong=wrong,
        forged=lambda: forged,
        right=lambda: right,
        seconds=SECONDS,
        **declared,
    )


ALL: tuple[AnyProof, ...] = (
    _check(
        lambda answer: answer.status != HTTPStatus.OK,
        Answer(302, 0, ""),
        Answer(200, 0, ""),
        clauses=("3.3.1",),
        name="pages-without-cookies",
        says=_("Each public page opens without cookies."),
    ),
    _check(
        lambda answer: answer.cookies > 0,
        Answer(200, 1, ""),
        Answer(200, 0, ""),
        clauses=("1.1.7", "3.3.3"),
        name="pages-set-no-cookies",
        says=_("No public page sets a cookie before you choose."),
    ),
    _check(
        _loads_foreign,
        Answer(200, 0, '<img src="//counter.example/">'),
        Answer(200, 0, '<img src="/static/a.svg"><a href="https://example.kz/">'),
        clauses=("2.3", "4.1.10"),
        name="pages-load-nothing-foreign",
        says=_("No public page loads or sends anything to another site."),
    ),
)

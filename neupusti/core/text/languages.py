"""The three languages of the site and the path prefix that carries them.

Russian is unprefixed, `/kk` and `/en` carry the others, so a language needs no cookie.
The prefix moves from PATH_INFO to SCRIPT_NAME, so `url_for` keeps the language.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import has_request_context, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "neupusti.language"


class Language(StrEnum):
    """A language of the site; the value is its catalogue and its path prefix."""

    RU = "ru"
    KK = "kk"
    EN = "en"

    @property
    def locale(self) -> str:
        """The locale of formats: plain `ru` would give «12 990,00 KZT» for «12 990 ₸»."""
        return {"ru": "ru_KZ", "kk": "kk_KZ", "en": "en"}[self.value]

    @property
    def tag(self) -> str:
        """The value of `<html lang>` and `hreflang` (BCP 47)."""
        return self.locale.replace("_", "-")

    @property
    def prefix(self) -> str:
        """The prefix of its paths."""
        return "" if self is Language.RU else f"/{self.value}"

    @property
    def own_name(self) -> str:
        """Its name in itself."""
        return {"ru": "Русский", "kk": "Қазақша", "en": "English"}[self.value]


OF_SITE = frozenset(Language)
PREFIXED = {language.prefix: language for language in Language if language.prefix}


class LanguagePrefix:
    """WSGI middleware: move `/kk` or `/en` off the path and set the language."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self.inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Call the wrapped application with the language set."""
        path = environ.get("PATH_INFO", "")
        language = PREFIXED.get(path[:3]) if path[3:4] in {"/", ""} else None
        environ[KEY] = language or Language.RU
        if language:
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + language.prefix
            environ["PATH_INFO"] = path[3:]
        return self.inner(environ, start)


_forced: ContextVar[Language | None] = ContextVar("forced_language", default=None)


@contextmanager
def force_language(language: Language) -> Iterator[None]:
    """Use `language` regardless of the request: emails have their recipient's."""
    token = _forced.set(language)
    try:
        yield
    finally:
        _forced.reset(token)


def current() -> Language:
    """Return the language of this request; Russian outside of one."""
    if (forced := _forced.get()) is not None:
        return forced
    if not has_request_context():
        return Language.RU
    language: Language = request.environ.get(KEY, Language.RU)
    return language


def kazakh_offered(environ: "WSGIEnvironment") -> bool:
    """Return whether the browser asks for Kazakh first and the page has another language.

    Of the languages of the site the browser's favourite counts (RFC 9110, 12.5.4).
    """
    asked = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    # Few browsers name Kazakh: the others cost no parsing.
    if environ.get(KEY) is Language.KK or Language.KK not in asked.lower():
        return False
    accepted = parse_accept_header(asked, LanguageAccept)
    primary = (tag.lower().partition("-")[0] for tag, quality in accepted if quality)
    return next((tag for tag in primary if tag in OF_SITE), None) == Language.KK


def alternates(path: str) -> dict[Language, str]:
    """Return the address of `path` (unprefixed, with its query) in each language."""
    return {language: language.prefix + path for language in Language}

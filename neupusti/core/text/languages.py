"""The three languages of the site and the path prefix that carries them.

Russian is unprefixed, `/kk` and `/en` carry the others, so a language needs no cookie.
The prefix moves from PATH_INFO to SCRIPT_NAME: then every `url_for` is right by itself.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import has_request_context, request

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
        """The locale: plain `ru` would print «12 990,00 KZT» for «12 990 ₸»."""
        return {"ru": "ru_KZ", "kk": "kk_KZ", "en": "en"}[self.value]

    @property
    def tag(self) -> str:
        """The value of `<html lang>` and `hreflang` (BCP 47)."""
        return self.locale.replace("_", "-")

    @property
    def prefix(self) -> str:
        """What its addresses begin with."""
        return "" if self is Language.RU else f"/{self.value}"

    @property
    def own_name(self) -> str:
        """Its name in itself."""
        return {"ru": "Русский", "kk": "Қазақша", "en": "English"}[self.value]


PREFIXED = {language.prefix: language for language in Language if language.prefix}


class LanguagePrefix:
    """WSGI middleware: takes `/kk` or `/en` off the path and remembers the language."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self.inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer with the language set."""
        path = environ.get("PATH_INFO", "")
        language = PREFIXED.get(path[:3]) if path[3:4] in {"/", ""} else None
        environ[KEY] = language or Language.RU
        if language:
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + language.prefix
            environ["PATH_INFO"] = path[3:]
        return self.inner(environ, start)


_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak `language` whatever the request says: letters go out in their reader's."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def current() -> Language:
    """Return the language of this request; Russian outside of one."""
    if (spoken := _spoken.get()) is not None:
        return spoken
    if not has_request_context():
        return Language.RU
    language: Language = request.environ.get(KEY, Language.RU)
    return language


def alternates(path: str) -> dict[Language, str]:
    """Return the address of `path` (unprefixed, with its query) in each language."""
    return {language: language.prefix + path for language in Language}

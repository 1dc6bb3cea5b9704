"""The layout of every page: language, alternates, navigation, operator card."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, request
from flask_babel import format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context

from neupusti.core.feature import Category, Place
from neupusti.core.registry import registry
from neupusti.core.text import dates, languages, money
from neupusti.core.text.languages import Language
from neupusti.core.web import choice, redirects, theme
from neupusti.core.web.choice import AskAgain, Choice, ChoiceState, Notice
from neupusti.core.web.operator import Operator
from neupusti.core.web.theme import Theme

GET = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class CacheVariant:
    """What the layout depends on besides language: the visitor's part of a cache key."""

    state: ChoiceState
    again: AskAgain | None
    agreed: frozenset[Category]
    notice: Notice | None
    theme: Theme
    kazakh_offered: bool

    @property
    def shared(self) -> bool:
        """Whether it is the variant of visitors without a choice, notice or theme."""
        return self in SHARED

    @property
    def storable(self) -> bool:
        """Whether a browser may store the page: it has no banner and no one-time notice."""
        return self.state is ChoiceState.DECIDED and self.notice is None


SHARED = frozenset(
    CacheVariant(state, None, frozenset(), None, Theme.AUTO, kazakh_offered)
    for state in (ChoiceState.UNDECIDED, ChoiceState.SIGNAL)
    for kazakh_offered in (False, True)
)


def cache_variant() -> CacheVariant:
    """Return the variant of this request."""
    chosen = choice.current()
    return CacheVariant(
        chosen.state,
        chosen.again,
        chosen.optional,
        choice.notice(),
        theme.current(),
        languages.kazakh_offered(request.environ),
    )


@dataclass(frozen=True, slots=True)
class PageContext:
    """What `base.html` shows around every page: `page_context` in the templates."""

    registered: Operator
    """The operator in the language of its registration."""
    base_url: str
    production: bool

    @property
    def operator(self) -> Operator:
        """The operator in the language of this page."""
        return self.registered.in_language(languages.current())

    @property
    def language(self) -> Language:
        """The language of this page."""
        return languages.current()

    @property
    def here(self) -> str:
        """The address of this page, for its forms: else they keep the fragment as well.

        A page that is opened at a fragment gives the focus to no summary of mistakes.
        """
        query = request.query_string.decode("latin-1")
        path = quote(request.script_root + request.path)
        return f"{path}?{query}" if query else path

    @property
    def alternates(self) -> dict[Language, str]:
        """The address of this page in every language, without its query."""
        path = request.path
        # The address of a form may have no page; one that nobody knows is not looked up.
        if request.method not in GET and request.url_rule is not None:
            path = redirects.nearest(path)
        return languages.alternates(quote(path))

    @property
    def kazakh_offered(self) -> bool:
        """Whether the browser asks for Kazakh, which this page is not in."""
        return languages.kazakh_offered(request.environ)

    @property
    def choice(self) -> Choice:
        """The visitor's cookie choice."""
        return choice.current()

    @property
    def notice(self) -> Notice | None:
        """The notice about a choice just made."""
        return choice.notice()

    @property
    def theme(self) -> Theme:
        """Light, dark or automatic."""
        return theme.current()

    def absolute(self, address: str) -> str:
        """Return `address` with the site's own configured scheme and host."""
        return self.base_url.rstrip("/") + address

    @property
    def header(self) -> Any:
        """The pages of the navigation at the top."""
        return registry().pages_in(Place.HEADER)

    @property
    def footer(self) -> Any:
        """The pages of the navigation at the bottom."""
        return registry().pages_in(Place.FOOTER)


def install(app: Flask, page_context: PageContext) -> None:
    """Give every template `page_context`, and filters of money, dates, languages."""
    app.jinja_env.globals["page_context"] = page_context
    app.jinja_env.filters |= {
        "tenge": money.tenge,
        "in_words": _in_words,
        "moment": _moment,
        "short": dates.short,
        "machine_readable": dates.machine_readable,
        "language": Language,
    }
    ngettext = cast("Callable[..., str]", app.jinja_env.globals["ngettext"])
    app.jinja_env.globals["ngettext"] = _formatting(ngettext)
    # White space between tags is half of the raw bytes of a long page.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _formatting(ngettext: Callable[..., str]) -> Callable[..., str]:
    """Return `ngettext` with its number formatted: `%(num)s` is `1 234` in Russian."""

    @pass_context
    def formatted(
        context: Context, singular: str, plural: str, num: int, **values: Any
    ) -> str:
        shown = format_decimal(num)
        return ngettext(context, singular, plural, num, num=shown, **values)

    return formatted


def _in_words(day: date) -> str:
    return dates.in_words(day, languages.current())


def _moment(at: datetime) -> str:
    return dates.moment(at, languages.current())

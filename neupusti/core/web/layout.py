"""The frame of every page: language, alternates, navigation, operator card."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, request

from neupusti.core.feature import Category, Place
from neupusti.core.registry import registry
from neupusti.core.text import dates, languages, money
from neupusti.core.text.languages import Language
from neupusti.core.web import choice, theme
from neupusti.core.web.choice import AskAgain, Choice, ChoiceState, Notice
from neupusti.core.web.operator import Operator
from neupusti.core.web.theme import Theme


@dataclass(frozen=True, slots=True)
class CacheVariant:
    """What the frame shows of one visitor: a page differs by this and by nothing else."""

    state: ChoiceState
    again: AskAgain | None
    agreed: frozenset[Category]
    notice: Notice | None
    theme: Theme

    @property
    def common(self) -> bool:
        """Whether everybody sees the same who has decided nothing and says nothing."""
        return self in COMMON

    @property
    def lasting(self) -> bool:
        """Whether a browser may keep the page: it asks nothing and says nothing once."""
        return self.state is ChoiceState.DECIDED and self.notice is None


COMMON = frozenset(
    CacheVariant(state, None, frozenset(), None, Theme.AUTO)
    for state in (ChoiceState.UNDECIDED, ChoiceState.SIGNAL)
)


def cache_variant() -> CacheVariant:
    """Return what the frame shows in this request."""
    chosen = choice.current()
    return CacheVariant(
        chosen.state,
        chosen.again,
        chosen.optional,
        choice.notice(),
        theme.current(),
    )


@dataclass(frozen=True, slots=True)
class PageContext:
    """What `base.html` draws round every page, as `page_context` in the templates."""

    operator: Operator
    base_url: str
    production: bool

    @property
    def language(self) -> Language:
        """The language of this page."""
        return languages.current()

    @property
    def alternates(self) -> dict[Language, str]:
        """The address of this page in every language, without its query."""
        return languages.alternates(quote(request.path))

    @property
    def choice(self) -> Choice:
        """What this visitor allows."""
        return choice.current()

    @property
    def notice(self) -> Notice | None:
        """What this page says about a choice just made."""
        return choice.notice()

    @property
    def theme(self) -> Theme:
        """Light, dark or as the system says."""
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
    """Give every template `page_context`, and the filters of money and dates."""
    app.jinja_env.globals["page_context"] = page_context
    app.jinja_env.filters |= {
        "tenge": _tenge,
        "in_words": _in_words,
        "moment": _moment,
        "short": dates.short,
    }
    # White space between tags is half of a long page's raw bytes.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _tenge(amount: int) -> str:
    return money.tenge(amount, languages.current())


def _in_words(day: date) -> str:
    return dates.in_words(day, languages.current())


def _moment(at: datetime) -> str:
    return dates.moment(at, languages.current())

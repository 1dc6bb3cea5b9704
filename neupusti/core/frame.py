"""The frame of every page: language, alternates, navigation, operator card."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, request

from neupusti.core import dates, languages, money
from neupusti.core.feature import Place
from neupusti.core.languages import Language
from neupusti.core.operator import Operator
from neupusti.core.registry import registry


@dataclass(frozen=True, slots=True)
class Frame:
    """What `base.html` draws round every page, as `frame` in the templates."""

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


def install(app: Flask, frame: Frame) -> None:
    """Give every template `frame`, and the filters of money and dates."""
    app.jinja_env.globals["frame"] = frame
    app.jinja_env.filters |= {"tenge": _tenge, "in_words": _in_words, "moment": _moment}
    # White space between tags is half of a long page's raw bytes.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _tenge(amount: int) -> str:
    return money.tenge(amount, languages.current())


def _in_words(day: date) -> str:
    return dates.in_words(day, languages.current())


def _moment(at: datetime) -> str:
    return dates.moment(at, languages.current())

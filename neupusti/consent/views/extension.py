"""The parts of the room that one app holds together, and how they are put in place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self, cast
from urllib.parse import quote

from babel.dates import format_timedelta
from flask import Blueprint, Flask, current_app, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from neupusti.consent.models import ChoiceSource
from neupusti.consent.service.cookie_policy import CookiePolicy
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.declarations import SAYS, Declarations, digest
from neupusti.consent.service.records import Wording
from neupusti.consent.service.signed_cookie import SignedCookie
from neupusti.consent.service.store import Store
from neupusti.consent.views.middleware import CookieMiddleware
from neupusti.core.data.database import db
from neupusti.core.feature import Category, Cookie
from neupusti.core.registry import registry
from neupusti.core.security.throttle import ProcessLimit
from neupusti.core.text import languages
from neupusti.core.text.languages import Language

bp = Blueprint("consent", __name__, cli_group="consent")
SURFACES = ("banner", "page")
SEEN_CHARACTERS = 12
"""Of a wording's hash: what a form sends back to say which words it showed."""
SOURCES = {
    ChoiceSource.BANNER: lazy_gettext("In the banner"),
    ChoiceSource.PAGE: lazy_gettext("On the cookies page"),
    ChoiceSource.SIGNAL: lazy_gettext("Confirming the signal of the browser"),
    ChoiceSource.WITHDRAWAL: lazy_gettext("Withdrawal"),
    ChoiceSource.EXPIRY: lazy_gettext("End of an earlier choice"),
}


@dataclass(frozen=True)
class ConsentExtension:
    """What the gate, the pages and the commands share."""

    declarations: Declarations
    signed_cookie: SignedCookie
    cookie_policy: CookiePolicy
    tally: Tally
    edition_in_force: Callable[[], str]
    """The date of the policy's edition in force: another room's to know."""
    limit: ProcessLimit
    wordings: dict[tuple[str, Language], Wording] = field(default_factory=dict)

    @classmethod
    def install(
        cls, app: Flask, *, secret: str, secure: bool, edition_in_force: Callable[[], str]
    ) -> Self:
        """Put the gate round `app`, whose features are registered already."""
        with app.app_context():
            declarations = Declarations.of(registry().cookies)
            store = Store(db.engine, declarations)
        seal = SignedCookie(secret)
        gate = CookiePolicy(declarations, seal, store, secure=secure)
        extension = cls(
            declarations,
            seal,
            gate,
            Tally(),
            edition_in_force,
            # Rows one address may add in ten minutes: many people share one (CGNAT).
            ProcessLimit(times=300, seconds=600),
        )
        app.extensions["neupusti.consent"] = extension
        app.jinja_env.globals["cookie_consent"] = extension
        app.wsgi_app = CookieMiddleware(  # type: ignore[assignment]
            app.wsgi_app, gate, extension.tally, strict=lambda: app.testing
        )
        return extension

    @property
    def store(self) -> Store:
        """What is known of the database."""
        return self.cookie_policy.store

    @property
    def says(self) -> object:
        """How each category is called and what it is for."""
        return SAYS

    @property
    def sources(self) -> object:
        """How a record came about, in words."""
        return SOURCES

    @property
    def optional_names(self) -> str:
        """The categories to decide about, in words."""
        return self.names_of(self.declarations.optional)

    @property
    def alone(self) -> bool:
        """Whether nobody but this site sets or reads any of the cookies."""
        return not any(c.set_by or c.origins for c in self.cookie_policy.cookies)

    @property
    def here(self) -> str:
        """Where a form of the frame leads back to: this page, if it can be opened again.

        Without the query: pages of the store are the same for every query.
        """
        address = request.script_root + quote(request.path)
        opens = request.method in {"GET", "HEAD"} and request.endpoint != "consent.erased"
        return address if opens else f"{request.script_root}/"

    def names_of(self, categories: Iterable[str]) -> str:
        """Return `categories` in words, in their own order."""
        named = set(categories)
        return ", ".join(str(SAYS[c].label).lower() for c in Category if c in named)

    def name_of(self, cookie: Cookie) -> str:
        """Return the name as the browser lists it; a family with a star."""
        return cookie.wire_name(secure=self.cookie_policy.secure) + "*" * cookie.prefix

    def kept_for(self, cookie: Cookie) -> str:
        """Return how long a browser keeps it, in words."""
        if cookie.lifetime is None:
            return str(_("until the browser is closed"))
        return format_timedelta(
            cookie.lifetime,
            granularity="day",
            threshold=999,
            locale=languages.current().locale,
        )

    def wording(self, surface: str) -> Wording:
        """Return the exact words `surface` asks in, in the language of the request."""
        language = languages.current()
        kept = self.wordings.get((surface, language))
        if kept is None:
            text = render_template(f"consent/words_{surface}.html", room=self)
            kept = Wording(
                surface=surface, language=language, text=text, sha256=digest(text)
            )
            self.wordings[surface, language] = kept
        return kept

    def words(self, surface: str) -> Markup:
        """Return the same words for a template: what is shown is what is proved."""
        return Markup(self.wording(surface).text)  # noqa: S704 - a rendered template

    def seen(self, surface: str) -> str:
        """Return what a form sends back to say which words it showed."""
        return self.wording(surface).sha256[:SEEN_CHARACTERS]


def extension() -> ConsentExtension:
    """Return the room of the current app."""
    return cast("ConsentExtension", current_app.extensions["neupusti.consent"])

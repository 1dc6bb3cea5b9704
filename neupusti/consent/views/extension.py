"""The Flask extension of consent: the objects one app shares, and their installation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self, cast
from urllib.parse import quote

from babel.dates import format_timedelta
from flask import Blueprint, Flask, current_app, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup

from neupusti.config.settings import settings
from neupusti.consent.models import ChoiceSource
from neupusti.consent.service.cookie_policy import CONSENT, CookiePolicy
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.declarations import CATEGORY_TEXTS, Declarations, digest
from neupusti.consent.service.pending import Pending
from neupusti.consent.service.records import Wording
from neupusti.consent.service.signed_cookie import SignedCookie
from neupusti.consent.service.store import ConsentStore
from neupusti.consent.views.middleware import CookieMiddleware
from neupusti.core.data.database import db
from neupusti.core.feature import Category, Cookie
from neupusti.core.registry import registry
from neupusti.core.security.throttle import ProcessLimit
from neupusti.core.text import languages
from neupusti.core.text.languages import Language

bp = Blueprint("consent", __name__, cli_group="consent")
SURFACES = ("banner", "page")
WORDING_HASH_CHARACTERS = 12
"""Length of the hash prefix that a form sends back to identify the wording it showed."""
SOURCE_LABELS = {
    ChoiceSource.BANNER: lazy_gettext("In the banner"),
    ChoiceSource.PAGE: lazy_gettext("On the cookies page"),
    ChoiceSource.SIGNAL: lazy_gettext("Confirming the signal of the browser"),
    ChoiceSource.WITHDRAWAL: lazy_gettext("Withdrawal"),
    ChoiceSource.EXPIRY: lazy_gettext("End of an earlier choice"),
}


@dataclass(frozen=True)
class ConsentExtension:
    """State shared by the middleware, the pages and the commands."""

    declarations: Declarations
    signed_cookie: SignedCookie
    cookie_policy: CookiePolicy
    tally: Tally
    edition_in_force: Callable[[], str]
    """Return the date of the policy edition in force; supplied by another feature."""
    limit: ProcessLimit
    """Rows that one address may add; it bounds no refusal and no withdrawal."""
    pending: Pending
    wordings: dict[tuple[str, Language], Wording] = field(default_factory=dict)

    @classmethod
    def install(
        cls, app: Flask, *, secret: str, secure: bool, edition_in_force: Callable[[], str]
    ) -> Self:
        """Wrap `app`, whose features are registered already, in the cookie middleware."""
        with app.app_context():
            declarations = Declarations.of(registry().cookies)
            former = registry().former_cookies
            store = ConsentStore(db.engine, declarations)
        signed_cookie = SignedCookie(secret)
        cookie_policy = CookiePolicy(
            declarations, signed_cookie, store, former=former, secure=secure
        )
        # Rows one address may add in ten minutes; many people share one (CGNAT).
        limit, tally = ProcessLimit(times=300, seconds=600), Tally()
        extension = cls(
            declarations,
            signed_cookie,
            cookie_policy,
            tally,
            edition_in_force,
            limit,
            Pending(limit, tally),
        )
        app.extensions["neupusti.consent"] = extension
        app.jinja_env.globals["cookie_consent"] = extension
        app.wsgi_app = CookieMiddleware(  # type: ignore[assignment]
            app.wsgi_app, cookie_policy, extension.tally, strict=lambda: app.testing
        )
        return extension

    @property
    def store(self) -> ConsentStore:
        """The cached view of the consent tables."""
        return self.cookie_policy.store

    @property
    def category_texts(self) -> object:
        """Category -> its label and description."""
        return CATEGORY_TEXTS

    @property
    def source_labels(self) -> object:
        """Source of a record -> its label."""
        return SOURCE_LABELS

    @property
    def optional_category_names(self) -> str:
        """The names of the optional categories, comma-separated."""
        return self.category_names(self.declarations.optional)

    @property
    def first_party_only(self) -> bool:
        """Whether only this site sets or reads the cookies."""
        return not any(c.set_by or c.origins for c in self.cookie_policy.cookies)

    @property
    def return_path(self) -> str:
        """The path a layout form redirects back to: this page if GET can open it, else /.

        Without the query string, because a cached page is the same for every query.
        """
        address = request.script_root + quote(request.path)
        opens = request.method in {"GET", "HEAD"} and request.endpoint != "consent.erased"
        return address if opens else f"{request.script_root}/"

    def category_names(self, categories: Iterable[str]) -> str:
        """Return the names of `categories`, comma-separated, in declaration order."""
        named = set(categories)
        return ", ".join(
            str(CATEGORY_TEXTS[c].label).lower() for c in Category if c in named
        )

    def cookie_name(self, cookie: Cookie) -> str:
        """Return the name as the browser lists it; a prefix ends with a star."""
        return cookie.wire_name(secure=self.cookie_policy.secure) + "*" * cookie.prefix

    @property
    def erasable_names(self) -> tuple[str, ...]:
        """The names that an erasure deletes: declared and former ones, but the choice."""
        return tuple(
            dict.fromkeys(
                self.cookie_name(cookie)
                for _name, cookie in self.cookie_policy.own
                if cookie is not CONSENT
            )
        )

    @property
    def clears_domain(self) -> bool:
        """Whether an erasure deletes every cookie of the domain, by a setting."""
        return bool(settings().clear_cookies)

    def lifetime_label(self, cookie: Cookie) -> str:
        """Return the lifetime of `cookie` for display."""
        if cookie.lifetime is None:
            return str(_("until the browser is closed"))
        return format_timedelta(
            cookie.lifetime,
            granularity="day",
            threshold=999,
            locale=languages.current().locale,
        )

    def wording(self, surface: str) -> Wording:
        """Return the exact wording of `surface` in the language of the request."""
        language = languages.current()
        wording = self.wordings.get((surface, language))
        if wording is None:
            text = render_template(f"consent/wording_{surface}.html")
            wording = Wording(
                surface=surface, language=language, text=text, sha256=digest(text)
            )
            self.wordings[surface, language] = wording
        return wording

    def wording_markup(self, surface: str) -> Markup:
        """Return the wording for a template: what is shown is what is recorded."""
        return Markup(self.wording(surface).text)  # noqa: S704 - a rendered template

    def wording_hash(self, surface: str) -> str:
        """Return the hash prefix that a form sends back with the choice."""
        return self.wording(surface).sha256[:WORDING_HASH_CHARACTERS]


def extension() -> ConsentExtension:
    """Return the consent extension of the current app."""
    return cast("ConsentExtension", current_app.extensions["neupusti.consent"])

"""The cookie policy: which names a choice allows, and which choice a request carries."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from functools import lru_cache
from itertools import islice

from flask_babel import lazy_gettext as _

from neupusti.consent.service.declarations import Declarations
from neupusti.consent.service.deletion import CookieScope
from neupusti.consent.service.signed_cookie import SignedChoice, SignedCookie
from neupusti.consent.service.store import LIFETIME, ConsentStore
from neupusti.core import clock
from neupusti.core.feature import Category, Cookie
from neupusti.core.web import cookies
from neupusti.core.web.choice import (
    NECESSARY,
    SIGNAL,
    UNDECIDED,
    AskAgain,
    Choice,
    ChoiceState,
)
from neupusti.core.web.edge import CONTENT_SECURITY_POLICY

CONSENT = Cookie(
    name="consent",
    category=Category.NECESSARY,
    purpose=_("Keeps your choice about cookies and the number of the record of it."),
    lifetime=LIFETIME,
)
LIFETIME_SECONDS = LIFETIME.total_seconds()
CLOCK_SKEW_SECONDS = 300
"""How far the clocks of two of our servers may differ."""
CACHED_CHOICES = 4096  # no mutation: any bound will do
"""Parsed choices a process caches; only signed ones, so no client can fill it."""
MAX_DECLARED, MAX_NAMES = 64, 256  # no mutation: any bound will do
"""How many declared cookies of a request are read, and how many names are examined:
no browser keeps more for one site."""
MAX_SIGNED_COOKIES = 8  # no mutation: any bound will do
"""How many consent cookies of one request are verified."""


class Verdict(Enum):
    """What happens to one Set-Cookie header."""

    ALLOWED = auto()
    NOT_GRANTED = auto()
    UNDECLARED = auto()


class CookiePolicy:
    """Decide by declarations and choice which cookies pass."""

    def __init__(
        self,
        declarations: Declarations,
        signed_cookie: SignedCookie,
        store: ConsentStore,
        *,
        secure: bool,
    ) -> None:
        self.store, self.secure = store, secure
        self.consent = CONSENT.wire_name(secure=secure)
        cookies = [c for found in declarations.by_category.values() for c in found]
        self.exact = {c.wire_name(secure=secure): c for c in cookies if not c.prefix}
        self.prefixes = tuple((c.wire_name(secure=secure), c) for c in cookies if c.prefix)
        self._pairs = _pattern([*self.exact], [begins for begins, _ in self.prefixes])
        self.declared = frozenset(declarations.by_category)
        self.third_party = frozenset(c.category for c in cookies if c.origins)
        self.cookies = tuple(cookies)
        self.read = signed_cookie.read
        self.choice_cache: dict[tuple[str, bool], tuple[int, Choice]] = {}
        """Cookie value and signal -> (Unix time of the choice, the choice)."""
        self.visible = lru_cache(2 ** len(Category))(self._visible)  # no mutation: a size

    def find(self, name: str) -> Cookie | None:
        """Return the declaration that covers a name on the wire."""
        found = self.exact.get(name)
        if found is not None:
            return found
        return next((c for begins, c in self.prefixes if name.startswith(begins)), None)

    def allows(self, name: str, granted: frozenset[Category]) -> bool:
        """Return whether the application may see, or set, a cookie of this name."""
        cookie = self.find(name)
        return cookie is not None and cookie.category in granted

    def declared_pairs(self, header: str) -> list[tuple[str, str]]:
        """Return names and values of the declared cookies in a Cookie header.

        One regular expression skips all others, at a cost linear in their length.
        """
        return [
            (pair[1].strip(" \t"), pair[2].strip(" \t"))
            for pair in islice(self._pairs.finditer(f";{header}"), MAX_DECLARED)
        ]

    def unwanted(self, header: str, choice: Choice) -> Iterator[str]:
        """Yield the names in a Cookie header that `choice` does not allow."""
        visible = self.visible(choice.granted)
        for part in header.split(";", MAX_NAMES)[:MAX_NAMES]:
            # A value without `=` is a nameless cookie, and so is `=name=value`.
            name, equals, _value = part.partition("=")
            name = name.strip(" \t") if equals else ""
            if choice.erase:
                stays = name == self.consent
            else:
                stays = name in visible or self.allows(name, choice.granted)
            if not stays:
                yield name

    def verdict(self, line: str, granted: frozenset[Category]) -> tuple[str, Verdict]:
        """Return the name that a Set-Cookie header sets, and the verdict on it."""
        pair, _semicolon, rest = line.partition(";")
        name, equals, value = pair.partition("=")
        name = name.strip(" \t") if equals else ""
        cookie = self.find(name)
        if cookie is None:
            return name, Verdict.UNDECLARED
        attributes = _attributes(rest)
        if attributes.get("max-age") == "0" and not value.strip(' \t"'):
            return name, Verdict.ALLOWED  # it only deletes
        if cookie.category not in granted:
            return name, Verdict.NOT_GRANTED
        undeclared = _outlives(cookie, attributes)
        return name, Verdict.UNDECLARED if undeclared else Verdict.ALLOWED

    def _visible(self, granted: frozenset[Category]) -> frozenset[str]:
        """Return the exact names that `granted` allows."""
        return frozenset(n for n, c in self.exact.items() if c.category in granted)

    def choice(self, values: list[str], *, signal: bool) -> Choice:
        """Return the choice of the consent cookie; the newest, if there are several.

        A value not signed by us, replaced by a later choice or dated in the future is
        ignored. `signal` is `Sec-GPC: 1`: a refusal that only consent given with the signal
        on overrides.
        """
        values = values[:MAX_SIGNED_COOKIES]
        known = self.choice_cache.get((values[0], signal)) if len(values) == 1 else None
        if known is not None:
            at, choice = known
            in_time = -CLOCK_SKEW_SECONDS <= clock.now().timestamp() - at < LIFETIME_SECONDS
            if in_time and self.store.is_current(choice.record or ""):
                return choice
        choice = self._choice(values, signal=signal)
        if choice.state is ChoiceState.DECIDED and choice.reachable and len(values) == 1:
            self._cache((values[0], signal), choice)
        return choice

    def _cache(self, key: tuple[str, bool], choice: Choice) -> None:
        if len(self.choice_cache) >= CACHED_CHOICES:
            self.choice_cache.clear()
        at = choice.at or clock.now()
        self.choice_cache[key] = (int(at.timestamp()), choice)

    def _choice(self, values: list[str], *, signal: bool) -> Choice:
        read = [signed for value in values if (signed := self.read(value))]
        if read:
            signed = max(read, key=_signed_at)
            age = clock.now().timestamp() - signed.at
            known = self.store.is_current(signed.record)
            if known is not False and age >= -CLOCK_SKEW_SECONDS:
                return self._from_signed(
                    signed,
                    signal=signal,
                    reachable=known is True,
                    expired=age >= LIFETIME_SECONDS,
                )
        return SIGNAL if signal else UNDECIDED

    def _from_signed(
        self, signed: SignedChoice, *, signal: bool, reachable: bool, expired: bool
    ) -> Choice:
        at = datetime.fromtimestamp(signed.at, UTC)
        asks = ChoiceState.SIGNAL if signal else ChoiceState.UNDECIDED
        if expired:
            return Choice(state=asks, at=at, record=signed.record, again=AskAgain.EXPIRED)
        if signal and signed.grants and not signed.signal:
            return Choice(state=asks, at=at, record=signed.record, again=AskAgain.SIGNAL)
        if not reachable or not signed.grants:
            return Choice(
                state=ChoiceState.DECIDED, at=at, record=signed.record, reachable=reachable
            )
        agreed = self.declared & signed.grants.keys()
        holding = {c for c in agreed if self.store.still_covers(c, signed.grants[c])}
        changed = len(holding) < len(agreed) and not signal
        return Choice(
            state=ChoiceState.UNDECIDED if changed else ChoiceState.DECIDED,
            granted=NECESSARY | holding,
            at=at,
            record=signed.record,
            again=AskAgain.CHANGED if changed else None,
        )

    def scopes_of(
        self, categories: frozenset[Category]
    ) -> tuple[tuple[str, CookieScope], ...]:
        """Return the wire names of `categories`, each with its domain and path."""
        return tuple(
            (name, (cookie.domain, cookie.path))
            for name, cookie in self.exact.items()
            if cookie.category in categories
        )

    def content_security_policy(self, granted: frozenset[Category]) -> str | None:
        """Return the Content-Security-Policy if the granted categories widen it."""
        if not self.third_party & granted:
            return None
        sources: dict[str, list[str]] = {}
        for directive in CONTENT_SECURITY_POLICY.split("; "):
            name, *listed = directive.split(" ")
            sources[name] = listed
        for cookie in self.cookies:
            if cookie.category in granted:
                for origin in cookie.origins:
                    listed = sources.setdefault(origin.directive, ["'self'"])
                    listed.append(origin.source)
        return "; ".join(" ".join((name, *listed)) for name, listed in sources.items())


def _pattern(exact: list[str], families: list[str]) -> re.Pattern[str]:
    """Return a pattern for a pair with one of these names, preceded by a semicolon."""
    names = "|".join(
        [
            *(rf"{re.escape(name)}[ \t]*" for name in exact),
            *(rf"{re.escape(begins)}[^=;]*" for begins in families),
        ]
    )
    return re.compile(rf";[ \t]*({names})=([^;]{{0,{cookies.LIMIT}}})(?![^;])")


def _signed_at(signed: SignedChoice) -> int:
    return signed.at


def _attributes(rest: str) -> dict[str, str]:
    # Of a repeated attribute browsers use the last one; so does this.
    pairs = (part.partition("=") for part in rest.split(";"))
    return {name.strip(" \t").lower(): value.strip(" \t") for name, _eq, value in pairs}


def _outlives(cookie: Cookie, attributes: dict[str, str]) -> bool:
    """Return whether a browser would keep the cookie longer than declared."""
    try:
        if "max-age" in attributes:
            keeps = timedelta(seconds=int(attributes["max-age"]))
        elif "expires" in attributes:
            until = parsedate_to_datetime(attributes["expires"])
            keeps = until.astimezone(UTC) - clock.now()
        else:
            return False
    except (ValueError, OverflowError):
        # Browsers ignore an unreadable date and keep a session cookie.
        return False
    return keeps > (cookie.lifetime or timedelta()) + timedelta(seconds=CLOCK_SKEW_SECONDS)

"""The cookie policy: which names a choice allows, and which choice a request carries."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from flask_babel import lazy_gettext as _

from neupusti.consent.service.declarations import Declarations
from neupusti.consent.service.deletion import CookieScope
from neupusti.consent.service.signed_cookie import SignedChoice, SignedCookie
from neupusti.consent.service.store import COOKIE_LIFETIME, ConsentStore
from neupusti.core import clock
from neupusti.core.feature import CONSENT_LIFETIME, Category, Cookie
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
    lifetime=COOKIE_LIFETIME,
)
LIFETIME_SECONDS = CONSENT_LIFETIME.total_seconds()
CLOCK_SKEW_SECONDS = 300
"""How far the clocks of two of our servers may differ."""
CLOCK_SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)
WHOLE_NUMBER = re.compile(r"-?[0-9]+")
"""A `Max-Age` that browsers do not ignore."""
MAX_AGE = re.compile(r";[ \t]*max-age[ \t]*=[^;]*", re.IGNORECASE)
CACHED_CHOICES = 4096  # no mutation: any bound will do
"""Parsed choices a process caches; only signed ones, so no client can fill it."""
MAX_DECLARED = 64  # no mutation: any bound will do
"""How many declared cookies of a request are read; no browser keeps more for one site."""
MAX_SIGNED_COOKIES = 8  # no mutation: any bound will do
"""How many consent cookies of one request are verified."""


class Verdict(Enum):
    """What happens to one Set-Cookie header."""

    ALLOWED = auto()
    NOT_GRANTED = auto()
    UNDECLARED = auto()


class Ruling(NamedTuple):
    """The name that a Set-Cookie header sets, the verdict, and the header to send."""

    name: str
    verdict: Verdict
    line: str


class CookiePolicy:
    """Decide by declarations and choice which cookies pass."""

    def __init__(
        self,
        declarations: Declarations,
        signed_cookie: SignedCookie,
        store: ConsentStore,
        *,
        former: tuple[Cookie, ...] = (),
        secure: bool,
    ) -> None:
        self.store, self.secure = store, secure
        self.consent = CONSENT.wire_name(secure=secure)
        cookies = [c for found in declarations.by_category.values() for c in found]
        self.exact = {c.wire_name(secure=secure): c for c in cookies if not c.prefix}
        self.prefixes = tuple((c.wire_name(secure=secure), c) for c in cookies if c.prefix)
        self.own = tuple((c.wire_name(secure=secure), c) for c in (*cookies, *former))
        """Declared and formerly declared: what this site may delete in a browser."""
        self._pairs = _pattern(self.own)
        self.declared = frozenset(declarations.by_category)
        self.third_party = frozenset(c.category for c in cookies if c.origins)
        self.cookies = tuple(cookies)
        self.read = signed_cookie.read
        self.choice_cache: dict[tuple[str, bool], tuple[datetime, datetime, Choice]] = {}
        """Cookie value and signal -> (from when, until when it holds, the choice)."""
        sized = lru_cache(2 ** len(Category))  # no mutation: a size
        self.visible = sized(self._visible)
        self.third_party_headers = sized(self._third_party_headers)

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

    def own_pairs(self, header: str) -> list[tuple[str, str]]:
        """Return names and values of this site's cookies, former ones too, in a header.

        One regular expression skips those of others, at a cost linear in their length.
        """
        return [
            (name, value.rstrip(" \t"))
            for name, value in self._pairs.findall(f";{header}")[:MAX_DECLARED]
        ]

    def unwanted(self, names: list[str], choice: Choice) -> list[str]:
        """Return those of this site's `names` that `choice` does not allow."""
        if choice.erase:
            return [name for name in names if name != self.consent]
        return [name for name in names if not self.allows(name, choice.granted)]

    def rule(self, line: str, choice: Choice) -> Ruling:
        """Judge a Set-Cookie header; cut an optional cookie to the end of its consent."""
        pair, _semicolon, rest = line.partition(";")
        name, equals, value = pair.partition("=")
        name = name.strip(" \t") if equals else ""
        cookie = self.find(name)
        if cookie is None:
            return Ruling(name, Verdict.UNDECLARED, line)
        attributes = _attributes(rest)
        if attributes.get("max-age") == "0" and not value.strip(' \t"'):
            return Ruling(name, Verdict.ALLOWED, line)  # it only deletes
        if cookie.category not in choice.granted:
            return Ruling(name, Verdict.NOT_GRANTED, line)
        kept = _kept_for(attributes)
        if kept > (cookie.lifetime or timedelta()) + CLOCK_SKEW:
            return Ruling(name, Verdict.UNDECLARED, line)
        if cookie.category in choice.optional and choice.at is not None:
            left = choice.at + CONSENT_LIFETIME - clock.now()
            if kept > left:
                line = f"{MAX_AGE.sub('', line)}; Max-Age={int(left.total_seconds())}"
        return Ruling(name, Verdict.ALLOWED, line)

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
            begins, ends, choice = known
            if begins <= clock.now() < ends and self.store.is_current(choice.record or ""):
                return choice
        choice = self._choice(values, signal=signal)
        if choice.state is ChoiceState.DECIDED and choice.reachable and len(values) == 1:
            self._cache((values[0], signal), choice)
        return choice

    def _cache(self, key: tuple[str, bool], choice: Choice) -> None:
        if len(self.choice_cache) >= CACHED_CHOICES:
            self.choice_cache.clear()
        at = choice.at or clock.now()
        self.choice_cache[key] = (at - CLOCK_SKEW, at + CONSENT_LIFETIME, choice)

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

    def scopes_of(self, choice: Choice) -> tuple[tuple[str, CookieScope], ...]:
        """Return the names that `choice` withdraws or erases, with domain and path."""
        if not (choice.withdrawn or choice.erase):
            return ()
        return tuple(
            (name, (cookie.domain, cookie.path))
            for name, cookie in self.own
            if not cookie.prefix
            and (choice.erase or cookie.category in choice.withdrawn)
            and cookie is not CONSENT
        )

    def _third_party_headers(
        self, granted: frozenset[Category]
    ) -> tuple[tuple[str, str], ...]:
        """Return the headers that let the origins of `granted` in.

        Without COEP, because a third party need not send CORP or COEP of its own.
        """
        sources: dict[str, list[str]] = {}
        for directive in CONTENT_SECURITY_POLICY.split("; "):
            name, *listed = directive.split(" ")
            sources[name] = listed
        for cookie in self.cookies:
            if cookie.category in granted:
                for origin in cookie.origins:
                    listed = sources.setdefault(origin.directive, ["'self'"])
                    listed.append(origin.source)
        policy = "; ".join(" ".join((name, *listed)) for name, listed in sources.items())
        return (
            ("Content-Security-Policy", policy),
            ("Cross-Origin-Embedder-Policy", "unsafe-none"),
        )


def _pattern(own: tuple[tuple[str, Cookie], ...]) -> re.Pattern[str]:
    """Return a pattern for the name and the value of one of these cookies."""
    names = "|".join(
        re.escape(name) + (r"[^=; \t]*" if cookie.prefix else "") for name, cookie in own
    )
    return re.compile(rf";[ \t]*({names})[ \t]*=[ \t]*([^;]{{0,{cookies.LIMIT}}})(?![^;])")


def _signed_at(signed: SignedChoice) -> int:
    return signed.at


def _attributes(rest: str) -> dict[str, str]:
    # Of a repeated attribute browsers use the last one; so does this.
    pairs = (part.partition("=") for part in rest.split(";"))
    return {name.strip(" \t").lower(): value.strip(" \t") for name, _eq, value in pairs}


def _kept_for(attributes: dict[str, str]) -> timedelta:
    """Return how long a browser keeps the cookie; 0 if until it is closed."""
    try:
        if WHOLE_NUMBER.fullmatch(seconds := attributes.get("max-age", "")):
            return timedelta(seconds=int(seconds))
        until = parsedate_to_datetime(attributes.get("expires", ""))
        return until.astimezone(UTC) - clock.now()
    except OverflowError:
        return timedelta.max
    except ValueError:
        # Browsers ignore an unreadable date and keep a session cookie.
        return timedelta()

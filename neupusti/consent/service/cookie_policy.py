"""The rule of the gate: which name may pass for whom, and what a visitor's cookie means."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from functools import lru_cache
from itertools import islice

from flask_babel import lazy_gettext as _

from neupusti.consent.service.declarations import Declarations
from neupusti.consent.service.deletion import Place
from neupusti.consent.service.signed_cookie import SignedChoice, SignedCookie
from neupusti.consent.service.store import LIFETIME, Store
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
SLACK_SECONDS = 300
"""How far two clocks of ours may be apart."""
REMEMBERED = 4096  # no mutation: any bound will do
"""How many signed cookies a process remembers as read: no other, so nobody fills it."""
OURS, ALL = 64, 256  # no mutation: any bound will do
"""How many declared cookies of one request are read, and how many of any name looked at:
no browser keeps more of one site."""
SEALS = 8  # no mutation: any bound will do
"""How many cookies of one request may claim to be the choice."""


class Verdict(Enum):
    """What becomes of one Set-Cookie line."""

    PASSES = auto()
    NOT_GRANTED = auto()
    STRAY = auto()


class CookiePolicy:
    """The declared names, and the choice that a request carries."""

    def __init__(
        self, declarations: Declarations, seal: SignedCookie, store: Store, *, secure: bool
    ) -> None:
        self.store, self.secure = store, secure
        self.consent = CONSENT.wire_name(secure=secure)
        cookies = [c for found in declarations.by_category.values() for c in found]
        self.exact = {c.wire_name(secure=secure): c for c in cookies if not c.prefix}
        self.families = tuple((c.wire_name(secure=secure), c) for c in cookies if c.prefix)
        self._pairs = _pattern([*self.exact], [begins for begins, _ in self.families])
        self.declared = frozenset(declarations.by_category)
        self.foreign = frozenset(c.category for c in cookies if c.origins)
        self.cookies = tuple(cookies)
        self.read = seal.read
        self.decided: dict[str, tuple[int, Choice]] = {}
        """Cookies that hold a choice in force: the second of it, and what it is."""
        self.visible = lru_cache(2 ** len(Category))(self._visible)  # no mutation: a size

    def find(self, name: str) -> Cookie | None:
        """Return the declaration that a name on the wire falls under."""
        found = self.exact.get(name)
        if found is not None:
            return found
        return next((c for begins, c in self.families if name.startswith(begins)), None)

    def allows(self, name: str, granted: frozenset[Category]) -> bool:
        """Tell whether the application may see, or set, a cookie of this name."""
        cookie = self.find(name)
        return cookie is not None and cookie.category in granted

    def ours(self, header: str) -> list[tuple[str, str]]:
        """Return names and values of the declared cookies in a Cookie header.

        One expression passes over all the others: they cost no more than their bytes.
        """
        return [
            (pair[1].strip(" \t"), pair[2].strip(" \t"))
            for pair in islice(self._pairs.finditer(f";{header}"), OURS)
        ]

    def unwanted(self, header: str, choice: Choice) -> Iterator[str]:
        """Yield the names in a Cookie header that `choice` leaves no place for."""
        visible = self.visible(choice.granted)
        for part in header.split(";", ALL)[:ALL]:
            # A lone value is a cookie without a name, and so is `=name=value`.
            name, equals, _value = part.partition("=")
            name = name.strip(" \t") if equals else ""
            if choice.erase:
                stays = name == self.consent
            else:
                stays = name in visible or self.allows(name, choice.granted)
            if not stays:
                yield name

    def verdict(self, line: str, granted: frozenset[Category]) -> tuple[str, Verdict]:
        """Return the name that a Set-Cookie line sets, and what becomes of the line."""
        pair, _semicolon, rest = line.partition(";")
        name, equals, value = pair.partition("=")
        name = name.strip(" \t") if equals else ""
        cookie = self.find(name)
        if cookie is None:
            return name, Verdict.STRAY
        attributes = _attributes(rest)
        if attributes.get("max-age") == "0" and not value.strip(' \t"'):
            return name, Verdict.PASSES  # it only takes away
        if cookie.category not in granted:
            return name, Verdict.NOT_GRANTED
        return name, Verdict.STRAY if _outlives(cookie, attributes) else Verdict.PASSES

    def _visible(self, granted: frozenset[Category]) -> frozenset[str]:
        """Return the exact names that `granted` lets in."""
        return frozenset(n for n, c in self.exact.items() if c.category in granted)

    def choice(self, values: list[str], *, signal: bool) -> Choice:
        """Return what the visitor's own cookie says; the newest, where there are several.

        What we did not sign, what a later choice replaced and what comes from the future
        is no choice. `signal` is `Sec-GPC: 1`: a refusal that an explicit yes overrides.
        """
        values = values[:SEALS]
        if len(values) == 1 and (known := self.decided.get(values[0])) is not None:
            at, choice = known
            in_time = -SLACK_SECONDS <= clock.now().timestamp() - at < LIFETIME_SECONDS
            if in_time and self.store.knows(choice.record or ""):
                return choice
        choice = self._choice(values, signal=signal)
        if choice.state is ChoiceState.DECIDED and choice.reachable and len(values) == 1:
            self._remember(values[0], choice)
        return choice

    def _remember(self, value: str, choice: Choice) -> None:
        if len(self.decided) >= REMEMBERED:
            self.decided.clear()
        at = choice.at or clock.now()
        self.decided[value] = (int(at.timestamp()), choice)

    def _choice(self, values: list[str], *, signal: bool) -> Choice:
        read = [sealed for value in values if (sealed := self.read(value))]
        if read:
            sealed = max(read, key=_made) if len(read) > 1 else read[0]
            age = clock.now().timestamp() - sealed.at
            known = self.store.knows(sealed.record)
            if known is not False and age >= -SLACK_SECONDS:
                return self._kept(
                    sealed,
                    signal=signal,
                    reachable=known is True,
                    expired=age >= LIFETIME_SECONDS,
                )
        return SIGNAL if signal else UNDECIDED

    def _kept(
        self, sealed: SignedChoice, *, signal: bool, reachable: bool, expired: bool
    ) -> Choice:
        at = datetime.fromtimestamp(sealed.at, UTC)
        asks = ChoiceState.SIGNAL if signal else ChoiceState.UNDECIDED
        if expired:
            return Choice(state=asks, at=at, record=sealed.record, again=AskAgain.EXPIRED)
        if not reachable or not sealed.grants:
            return Choice(
                state=ChoiceState.DECIDED, at=at, record=sealed.record, reachable=reachable
            )
        agreed = self.declared & sealed.grants.keys()
        holding = {c for c in agreed if self.store.holds(c, sealed.grants[c])}
        changed = len(holding) < len(agreed) and not signal
        return Choice(
            state=ChoiceState.UNDECIDED if changed else ChoiceState.DECIDED,
            granted=NECESSARY | holding,
            at=at,
            record=sealed.record,
            again=AskAgain.CHANGED if changed else None,
        )

    def places_of(self, categories: frozenset[Category]) -> tuple[tuple[str, Place], ...]:
        """Return the names of `categories` on the wire, each with its domain and path."""
        return tuple(
            (name, (cookie.domain, cookie.path))
            for name, cookie in self.exact.items()
            if cookie.category in categories
        )

    def policy(self, granted: frozenset[Category]) -> str | None:
        """Return the Content-Security-Policy of a visitor whose categories widen it."""
        if not self.foreign & granted:
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
    """Return what finds a pair of one of these names right behind a semicolon."""
    names = "|".join(
        [
            *(rf"{re.escape(name)}[ \t]*" for name in exact),
            *(rf"{re.escape(begins)}[^=;]*" for begins in families),
        ]
    )
    return re.compile(rf";[ \t]*({names})=([^;]{{0,{cookies.LIMIT}}})(?![^;])")


def _made(sealed: SignedChoice) -> int:
    return sealed.at


def _attributes(rest: str) -> dict[str, str]:
    # Where an attribute comes twice, browsers go by the last one; so does this.
    pairs = (part.partition("=") for part in rest.split(";"))
    return {name.strip(" \t").lower(): value.strip(" \t") for name, _eq, value in pairs}


def _outlives(cookie: Cookie, attributes: dict[str, str]) -> bool:
    """Tell whether a browser would keep the cookie longer than declared."""
    try:
        if "max-age" in attributes:
            keeps = timedelta(seconds=int(attributes["max-age"]))
        elif "expires" in attributes:
            until = parsedate_to_datetime(attributes["expires"])
            keeps = until.astimezone(UTC) - clock.now()
        else:
            return False
    except (ValueError, OverflowError):
        # What no browser can read either makes a cookie of the session.
        return False
    return keeps > (cookie.lifetime or timedelta()) + timedelta(seconds=SLACK_SECONDS)

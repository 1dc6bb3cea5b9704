"""What the site declares about its cookies, in one canonical form, and its hashes.

The same `digest` decides whether a visitor is asked again, stands in the receipt, and is
recomputed by the verification: there is no second way to count.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _

from neupusti.core.feature import Category, Cookie
from neupusti.core.text.languages import Language

MARK_CHARACTERS = 8
"""Of a category's hash, in base64: what the visitor's cookie carries of it (48 bits)."""

THIS_SITE = _("This site")


@dataclass(frozen=True, slots=True)
class CategoryText:
    """How a category is called, and what it is for."""

    label: LazyString
    text: LazyString


SAYS = {
    Category.NECESSARY: CategoryText(
        _("Necessary"),
        _("The site cannot do without them; they hold nothing that could be left out."),
    ),
    Category.PREFERENCES: CategoryText(
        _("Preferences"),
        _("They keep how you like the site to look, so that you set it once."),
    ),
    Category.STATISTICS: CategoryText(
        _("Statistics"),
        _("They tell a returning visitor from a new one, so that we see what is used."),
    ),
    Category.MARKETING: CategoryText(
        _("Marketing"),
        _("They keep which campaign brought you here, so that we see which one works."),
    ),
}


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def mark(hexadecimal: str) -> str:
    """Return the short form of a hash that a cookie carries."""
    return urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode()[:MARK_CHARACTERS]


def canonical(value: object) -> str:
    """Return `value` as the one JSON text that stands for it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Declarations:
    """The declared cookies by category, in the order of the categories."""

    by_category: Mapping[Category, tuple[Cookie, ...]]
    canonical: str

    @classmethod
    def of(cls, cookies: Iterable[Cookie]) -> "Declarations":
        """Describe `cookies`; wants an app context, to read every language."""
        declared = tuple(cookies)
        by_category = {
            category: found
            for category in Category
            if (found := tuple(c for c in declared if c.category is category))
        }
        described = {c.value: _described(c, found) for c, found in by_category.items()}
        return cls(by_category, canonical(described))

    @property
    def optional(self) -> tuple[Category, ...]:
        """The categories there is something to decide about."""
        return tuple(c for c in self.by_category if c is not Category.NECESSARY)

    @cached_property
    def sha256(self) -> str:
        """The hash of everything declared."""
        return digest(self.canonical)

    @cached_property
    def marks(self) -> dict[Category, str]:
        """Category -> the short hash of what is declared in it."""
        return marks(self.canonical)


def marks(text: str) -> dict[Category, str]:
    """Return category -> short hash, of declarations in their canonical form."""
    return {
        Category(name): mark(digest(canonical(entry)))
        for name, entry in json.loads(text).items()
    }


def still_covers(older: str, newer: str, category: Category) -> bool:
    """Tell whether who agreed to `category` of `older` need not be asked about `newer`.

    That is so if the category says the same and gained no cookie; it may have lost some.
    """
    then, now = (json.loads(text).get(category) for text in (older, newer))
    if then is None or now is None or then["says"] != now["says"]:
        return False
    return all(cookie in then["cookies"] for cookie in now["cookies"])


def _described(category: Category, cookies: tuple[Cookie, ...]) -> dict[str, Any]:
    says = SAYS[category]
    return {
        "says": [_texts(says.label), _texts(says.text)],
        "cookies": sorted((_cookie(cookie) for cookie in cookies), key=canonical),
    }


def _cookie(cookie: Cookie) -> dict[str, Any]:
    return {
        "name": cookie.name,
        "prefix": cookie.prefix,
        "path": cookie.path,
        "domain": cookie.domain,
        "http_only": cookie.http_only,
        "lifetime": cookie.lifetime and int(cookie.lifetime.total_seconds()),
        "set_by": _texts(cookie.set_by or THIS_SITE),
        "purpose": _texts(cookie.purpose),
        "origins": [[origin.directive, origin.source] for origin in cookie.origins],
    }


def _texts(text: str | LazyString) -> dict[str, str]:
    found = {}
    for language in Language:
        with force_locale(language.locale):
            found[language.value] = str(text)
    return found

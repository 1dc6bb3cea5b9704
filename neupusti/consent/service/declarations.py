"""The cookie declarations of the site as canonical JSON, and their hashes.

The same `digest` decides whether a visitor is asked again, appears in the receipt and is
recomputed by the verification.
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

SHORT_HASH_CHARACTERS = 8
"""Base64 characters of a category's hash in the consent cookie (48 bits)."""

THIS_SITE = _("This site")


@dataclass(frozen=True, slots=True)
class CategoryText:
    """The label and the description of a category."""

    label: LazyString
    text: LazyString
    version: int = 1
    """Raised when the category is for more, which asks again; a reworded text keeps it."""


CATEGORY_TEXTS = {
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


def short_hash(hexadecimal: str) -> str:
    """Return the shortened hash that the consent cookie carries."""
    return urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode()[:SHORT_HASH_CHARACTERS]


def canonical(value: object) -> str:
    """Return `value` as canonical JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Declarations:
    """The declared cookies by category, in the order of the categories."""

    by_category: Mapping[Category, tuple[Cookie, ...]]
    canonical: str

    @classmethod
    def of(cls, cookies: Iterable[Cookie]) -> "Declarations":
        """Describe `cookies` in every language; needs an app context."""
        declared = tuple(cookies)
        by_category = {
            category: found
            for category in Category
            if (found := tuple(c for c in declared if c.category is category))
        }
        described = {c.value: _describe(c, found) for c, found in by_category.items()}
        return cls(by_category, canonical(described))

    @property
    def optional(self) -> tuple[Category, ...]:
        """The declared categories that need consent."""
        return tuple(c for c in self.by_category if c is not Category.NECESSARY)

    @cached_property
    def sha256(self) -> str:
        """The hash of all declarations."""
        return digest(self.canonical)

    @cached_property
    def short_hashes(self) -> dict[Category, str]:
        """Category -> the short hash of its declarations."""
        return short_hashes(self.canonical)


def short_hashes(text: str) -> dict[Category, str]:
    """Return category -> short hash of the declarations in canonical JSON `text`."""
    return {
        Category(name): short_hash(digest(canonical(entry)))
        for name, entry in json.loads(text).items()
    }


def still_covers(older: str, newer: str, category: Category) -> bool:
    """Return whether consent to `category` of `older` is valid for `newer`.

    It is unless there is more: a cookie, a longer life, a wider purpose, somebody else who
    reads it. What the texts say may be worded anew, and anything may become less.
    """
    then, now = (json.loads(text).get(category) for text in (older, newer))
    if then is None or now is None or _version(now) > _version(then):
        return False
    known = {cookie["name"]: cookie for cookie in then["cookies"]}
    return all(
        cookie["name"] in known and not _is_more(known[cookie["name"]], cookie)
        for cookie in now["cookies"]
    )


def is_material(older: str, newer: str) -> bool:
    """Return whether `newer` declares more in a category that needs consent."""
    optional = (Category(name) for name in json.loads(newer) if name != Category.NECESSARY)
    return not all(still_covers(older, newer, category) for category in optional)


def _is_more(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether a cookie is declared for more than before."""
    return (
        (now["lifetime"] or 0) > (then["lifetime"] or 0)
        or _version(now, "purpose_version") > _version(then, "purpose_version")
        or _is_other_party(then, now)
        or now["prefix"] > then["prefix"]
        or now["domain"] not in {None, then["domain"]}
        or not now["path"].startswith(then["path"])
        or now["http_only"] < then["http_only"]
        or any(origin not in then["origins"] for origin in now["origins"])
    )


def _is_other_party(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether somebody else sets it now, named differently in every language."""
    if not now["third_party"]:
        return False
    names = now["set_by"].items()
    same = any(then["set_by"].get(language) == name for language, name in names)
    return not (then.get("third_party") and same)


def _version(entry: dict[str, Any], key: str = "version") -> int:
    # Declarations of before there were versions have none: theirs is the first.
    return int(entry.get(key, 1))


def _describe(category: Category, cookies: tuple[Cookie, ...]) -> dict[str, Any]:
    category_text = CATEGORY_TEXTS[category]
    return {
        "version": category_text.version,
        "says": [_texts(category_text.label), _texts(category_text.text)],
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
        "third_party": cookie.set_by is not None,
        "set_by": _texts(cookie.set_by or THIS_SITE),
        "purpose": _texts(cookie.purpose),
        "purpose_version": cookie.purpose_version,
        "origins": [[origin.directive, origin.source] for origin in cookie.origins],
    }


def _texts(text: str | LazyString) -> dict[str, str]:
    found = {}
    for language in Language:
        with force_locale(language.locale):
            found[language.value] = str(text)
    return found

"""Completeness checks: each yields what is missing in a registry.

`test_completeness.py` checks the registry of the site; `mutate_manifest.py` checks
registries that lack one entry each.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from flask import Flask
from sqlalchemy import CheckConstraint, Table

import neupusti
from neupusti.app import FEATURES
from neupusti.core.data import finding
from neupusti.core.data.classification import (
    classification,
    person_columns,
    personal_columns,
)
from neupusti.core.data.database import db
from neupusti.core.data.finding import EMAIL_CLAUSE, PHONE_CLAUSE
from neupusti.core.feature import Cookie
from neupusti.core.mail.outbox import EmailType
from neupusti.core.records.journal import StaffActionType
from neupusti.core.registry import Registry
from neupusti.core.rules import Permission, Rule, Who
from neupusti.core.security import authorisation
from neupusti.rights.service import labels
from tests import desk
from tests.contracts.sources import TEMPLATES
from tests.people import BOLAT, DANA

NOINDEX = '<meta name="robots" content="noindex">'
ONE_OF = re.compile(r"(\w+) IN \((.+)\)")
SHORT = 60
"""Characters of the longest column that may hold a code."""
NO_CODES = frozenset({"number", "order_number", "article", "purpose", "language", "region"})
"""Short texts that are no codes of ours, and those that `labels` knows by their names."""
USED = re.compile(r"""\{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)""")


@dataclass(frozen=True)
class Page:
    """A page without URL arguments, requested with the necessary permissions."""

    address: str
    rule: Rule
    indexed: bool
    """Whether search engines may list it."""


Pages = Mapping[str, Page]
"""Every page, by its endpoint."""
Check = Callable[[Registry, Pages], Iterator[str]]


def pages(app: Flask) -> dict[str, Page]:
    """Request every address without arguments; return the HTML pages."""
    number = desk.person(BOLAT), desk.member(DANA, *Permission)
    found = {}
    for route in app.url_map.iter_rules():
        if "GET" in (route.methods or ()) and not route.arguments:
            rule = authorisation.rules(app)[route.endpoint]
            browser = app.test_client()
            if rule.who is not Who.PUBLIC:
                desk.sign_in(browser, number[rule.who is Who.STAFF])
            answer = browser.get(route.rule)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                indexed = NOINDEX not in answer.text
                found[route.endpoint] = Page(route.rule, rule, indexed)
    return found


@cache
def names() -> dict[str, object]:
    """Return dotted name -> object for every module attribute of the package."""
    walked = walk_packages(neupusti.__path__, "neupusti.")
    modules = [import_module(found.name) for found in walked]
    return {
        f"{m.__name__}.{name}": value for m in modules for name, value in vars(m).items()
    }


def unlisted(kind: type, listed: Iterable[object]) -> Iterator[str]:
    """Yield the names of module attributes of type `kind` that are not in `listed`."""
    known = {id(one) for one in listed}
    for where, one in names().items():
        if isinstance(one, kind) and id(one) not in known:
            yield where


def cookies(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the cookies in code that no manifest lists."""
    return unlisted(Cookie, known.cookies)


def emails(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the email types in code that no manifest lists."""
    return unlisted(EmailType, known.emails)


def staff_actions(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the types of staff actions in code that no manifest lists."""
    return unlisted(StaffActionType, known.staff_actions)


@cache
def templates() -> frozenset[str]:
    """Return the templates of emails, except those that others extend or include."""
    paths = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    parts = {name for path in paths for name in USED.findall(path.read_text())}
    existing = {path.relative_to(TEMPLATES).as_posix() for path in paths}
    wanted = {name for name in existing - parts if re.fullmatch(r"\w+/mail/\w+\.txt", name)}
    return frozenset(name.removesuffix(".txt") for name in wanted)


def email_templates(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the email templates without a manifest entry, and the reverse."""
    yield from sorted(templates() ^ {one.template for one in known.emails})


def tables() -> list[Table]:
    """Return every table of both databases."""
    return [table for metadata in db.metadatas.values() for table in metadata.sorted_tables]


def unclassified(tables: Iterable[Table]) -> list[str]:
    """Name the columns without a classification."""
    columns = [column for table in tables for column in table.columns]
    return [str(column) for column in columns if classification(column) is None]


def references_people(table: Table) -> bool:
    """Return whether `table` references people, by a classification or by foreign keys."""
    led_to = {key.column.table for key in table.foreign_keys} - {table}
    return bool(person_columns(table)) or any(map(references_people, led_to))


def without_holding(
    tables: Iterable[Table], held: set[str], explained: Collection[str] = ()
) -> Iterator[str]:
    """Yield the tables about people that have no holding.

    One that references nobody, but has personal data, may be `explained` instead.
    """
    for table in tables:
        lacks = references_people(table) or (
            personal_columns(table) and table.name not in explained
        )
        if lacks and table.name not in held:
            yield table.name


def half_found(tables: Iterable[Table]) -> Iterator[str]:
    """Yield the tables with an address or a phone that lack a number or an address.

    Of a guest there is only the address, of an account that changed it only the number.
    What holds no more than a keyed hash of an address is not about an account.
    """
    for table in tables:
        marks = personal_columns(table).values()
        contacts = [mark for mark in marks if mark.clause in {EMAIL_CLAUSE, PHONE_CLAUSE}]
        by_address = finding.contacts(table, EMAIL_CLAUSE)
        keyed = all(mark.keyed_by for mark in contacts)
        if contacts and not (by_address and (keyed or finding.subjects(table))):
            yield table.name


def holdings(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the tables that lack a holding, or a reason why they have none (6.1.3)."""
    held, explained = (
        {one.model.__table__.name for one in entries}
        for entries in (known.holdings, known.unheld)
    )
    return without_holding(tables(), held, explained)


def closed_sets(table: Table) -> dict[str, set[str]]:
    """Return column -> the codes that its constraint allows."""
    checks = (one for one in table.constraints if isinstance(one, CheckConstraint))
    found = (ONE_OF.fullmatch(str(check.sqltext)) for check in checks)
    return {one[1]: set(re.findall(r"'([^']*)'", one[2])) for one in found if one}


def codes(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the columns whose codes a person would see as they are stored (6.1.3).

    What a constraint allows needs words for each code; a short text that holds nothing
    about a person may be a code too.
    """
    for holding in (one for feature in FEATURES for one in feature.holdings):
        table: Table = holding.model.__table__
        allowed = closed_sets(table)
        for column in table.columns if not holding.unseen else ():
            length, mark = getattr(column.type, "length", 0), classification(column)
            is_short = 0 < (length or 0) <= SHORT and mark and not mark.about_people
            is_code = is_short and column.name not in NO_CODES
            words = known.codes.get(str(column), {})
            lacks = allowed.get(column.name, set()) - words.keys()
            if labels.label(column) and (lacks or (is_code and not words)):
                yield str(column)


def terms(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the tables without a retention rule for all their rows (5.1).

    A rule for some rows, or one that only masks them, is not enough.
    """
    whole = [r.model for r in known.retention if not r.only and not r.masked]
    kept = [model for one in known.indefinite for model in one.models]
    termed = {model.__table__.name for model in whole + kept}
    return (table.name for table in tables() if table.name not in termed)


def public_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the indexable public pages that the sitemap lacks."""
    listed = {endpoint for endpoint, _values in known.addresses()}
    for endpoint, page in seen.items():
        if page.rule.who is Who.PUBLIC and page.indexed and endpoint not in listed:
            yield endpoint


def own_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the pages of an account that no manifest lists.

    The page that asks for the password again is excluded: nobody navigates to it.
    """
    listed = {page.endpoint for page in known.pages} | {authorisation.REAUTHENTICATE}
    for endpoint, page in seen.items():
        if page.rule.who in {Who.SIGNED_IN, Who.OWNER} and endpoint not in listed:
            yield endpoint


def staff_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the sections of the staff area, `/admin/<section>/`, without a menu item.

    Deeper pages are linked from the first page of their section.
    """
    offered = {item.endpoint for item in known.admin_menu}
    for endpoint, page in seen.items():
        section = re.fullmatch(r"/admin/(?:[^/]+/?)?", page.address)
        if section and endpoint not in offered:
            yield endpoint


CHECKS: tuple[Check, ...] = (
    *(cookies, emails, email_templates, staff_actions),
    *(holdings, codes, terms, public_pages, own_pages, staff_pages),
)

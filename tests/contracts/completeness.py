"""What no manifest may forget: each check of a registry yields what is missing in it.

`test_completeness.py` asks the registry of the site; `mutate_manifest.py` asks registries
that lack one entry each.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from flask import Flask
from sqlalchemy import Table

import neupusti
from neupusti.core.data.classification import classification, person_columns
from neupusti.core.data.database import db
from neupusti.core.feature import Cookie
from neupusti.core.mail.outbox import EmailType
from neupusti.core.records.journal import StaffActionType
from neupusti.core.registry import Registry
from neupusti.core.rules import Permission, Rule, Who
from neupusti.core.security import authorisation
from tests import desk
from tests.contracts.sources import TEMPLATES
from tests.people import BOLAT, DANA

NOINDEX = '<meta name="robots" content="noindex">'
USED = re.compile(r"""\{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)""")


@dataclass(frozen=True)
class Page:
    """A page without arguments, as somebody got it who may open it."""

    address: str
    rule: Rule
    indexed: bool
    """Whether search engines may list it."""


Pages = Mapping[str, Page]
"""Every page, by its endpoint."""
Check = Callable[[Registry, Pages], Iterator[str]]


def pages(app: Flask) -> dict[str, Page]:
    """Open every address without arguments; return the pages of HTML among the answers."""
    number = desk.person(BOLAT), desk.member(DANA, *Permission)
    found = {}
    for route in app.url_map.iter_rules():
        if "GET" in (route.methods or ()) and not route.arguments:
            rule = authorisation.rules(app)[route.endpoint]
            browser = app.test_client()
            if rule.who is not Who.PUBLIC:
                desk.sit(browser, number[rule.who is Who.STAFF])
            answer = browser.get(route.rule)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                indexed = NOINDEX not in answer.text
                found[route.endpoint] = Page(route.rule, rule, indexed)
    return found


@cache
def names() -> dict[str, object]:
    """Return every object that a module of the package names, by where it is."""
    walked = walk_packages(neupusti.__path__, "neupusti.")
    modules = [import_module(found.name) for found in walked]
    return {
        f"{m.__name__}.{name}": value for m in modules for name, value in vars(m).items()
    }


def unlisted(kind: type, listed: Iterable[object]) -> Iterator[str]:
    """Yield where objects of `kind` stand in code that are not among `listed`."""
    known = {id(one) for one in listed}
    for where, one in names().items():
        if isinstance(one, kind) and id(one) not in known:
            yield where


def cookies(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the cookies that code names and no manifest lists."""
    return unlisted(Cookie, known.cookies)


def emails(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the kinds of letters that code names and no manifest lists."""
    return unlisted(EmailType, known.emails)


def staff_actions(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the kinds of actions of staff that code names and no manifest lists."""
    return unlisted(StaffActionType, known.staff_actions)


@cache
def words() -> frozenset[str]:
    """Return the templates of letters, but for those that others are made with."""
    paths = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    parts = {name for path in paths for name in USED.findall(path.read_text())}
    there = {path.relative_to(TEMPLATES).as_posix() for path in paths}
    wanted = {name for name in there - parts if re.fullmatch(r"\w+/mail/\w+\.txt", name)}
    return frozenset(name.removesuffix(".txt") for name in wanted)


def email_templates(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the letters that have words and stand in no manifest, or the reverse."""
    yield from sorted(words() ^ {one.template for one in known.emails})


def tables() -> list[Table]:
    """Return every table of both databases."""
    return [table for metadata in db.metadatas.values() for table in metadata.sorted_tables]


def silent(tables: Iterable[Table]) -> list[str]:
    """Name the columns that do not say whether they hold something about a person."""
    columns = [column for table in tables for column in table.columns]
    return [str(column) for column in columns if classification(column) is None]


def names_people(table: Table) -> bool:
    """Tell whether a row of `table` names a person, by a mark or by a foreign key."""
    led_to = {key.column.table for key in table.foreign_keys}
    return any(person_columns(one) for one in (table, *led_to))


def unfound(tables: Iterable[Table], held: set[str]) -> Iterator[str]:
    """Yield the tables that name people and stand in no holding."""
    return (t.name for t in tables if names_people(t) and t.name not in held)


def holdings(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the tables whose rows nobody finds by person (6.1.3)."""
    return unfound(tables(), {one.model.__table__.name for one in known.holdings})


def terms(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the tables with rows of which nobody says how long they are kept (5.1).

    A rule about some rows, or that only masks them, leaves the others without a term.
    """
    whole = [r.model for r in known.retention if r.only is None and not r.masked]
    kept = [model for one in known.indefinite for model in one.models]
    termed = {model.__table__.name for model in whole + kept}
    return (table.name for table in tables() if table.name not in termed)


def public_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the pages for everybody that search engines may list and the sitemap lacks."""
    listed = {endpoint for endpoint, _values in known.addresses()}
    for endpoint, page in seen.items():
        if page.rule.who is Who.PUBLIC and page.indexed and endpoint not in listed:
            yield endpoint


def own_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the pages of an account that no manifest lists.

    The one that asks for the password again is no place to go to: people are sent there.
    """
    listed = {page.endpoint for page in known.pages} | {authorisation.REAUTHENTICATE}
    for endpoint, page in seen.items():
        if page.rule.who in {Who.SIGNED_IN, Who.OWNER} and endpoint not in listed:
            yield endpoint


def staff_pages(known: Registry, seen: Pages) -> Iterator[str]:
    """Yield the sections of the staff area, `/admin/<section>/`, that no menu leads to.

    What lies deeper is reached from the first page of its section.
    """
    offered = {item.endpoint for item in known.admin_menu}
    for endpoint, page in seen.items():
        section = re.fullmatch(r"/admin/(?:[^/]+/?)?", page.address)
        if section and endpoint not in offered:
            yield endpoint


CHECKS: tuple[Check, ...] = (
    *(cookies, emails, email_templates, staff_actions),
    *(holdings, terms, public_pages, own_pages, staff_pages),
)

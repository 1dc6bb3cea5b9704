"""`flask site settings`, `routes`, `data-map`: print a table; `docs`: write them all."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import click
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import Column, Table

from neupusti.config.checks import PREFIX
from neupusti.config.settings import Settings
from neupusti.config.values import ROOT
from neupusti.core.data.classification import Classification, classification
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.rules import Rule
from neupusti.core.security import authorisation
from neupusti.core.text.languages import Language
from neupusti.site.views.blueprint import bp

SHOWN_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@bp.cli.command("settings")
def settings() -> None:
    """Print every setting as the table that stands in the README."""
    click.echo(_settings_table())


@bp.cli.command("routes")
def routes() -> None:
    """Print every route and who may call it."""
    click.echo(_routes_table())


@bp.cli.command("data-map")
def data_map() -> None:
    """Print every column about people: its clause, purposes, holding and term."""
    click.echo(_data_map())


@bp.cli.command("docs")
def docs() -> None:
    """Write the tables into the README and docs/."""
    for name, (file, table) in DOCUMENTS.items():
        path, (start, end) = ROOT / file, (f"<!-- {name} -->\n", f"<!-- /{name} -->")
        before, _, rest = path.read_text().partition(start)
        path.write_text(f"{before}{start}{table()}\n{end}{rest.partition(end)[2]}")


def _settings_table() -> str:
    return _table(("variable", "default", "what it is"), _settings())


def _routes_table() -> str:
    return _table(("address", "methods", "endpoint", "who may call it"), _routes())


def _data_map() -> str:
    tables = [table for known in db.metadatas.values() for table in known.sorted_tables]
    about = [table for table in tables if _about_people(table)]
    heads = ("column", "clause", "purposes", "holding", "kept")
    with force_locale(Language.EN.locale):
        columns = _table(heads, _columns(about))
    others = ", ".join(f"`{table.name}`" for table in tables if table not in about)
    return f"{columns}\n\nNothing about a person: {others}."


DOCUMENTS = {
    "settings": ("README.md", _settings_table),
    "routes": ("docs/access-control.md", _routes_table),
    "data-map": ("docs/data-map.md", _data_map),
}
"""Where each table stands, between two comments with its name, and what makes it."""


def _table(heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = (heads, ("---",) * len(heads), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _settings() -> Iterator[tuple[str, ...]]:
    for setting in fields(Settings):
        default = setting.default
        if isinstance(default, Path):
            shown = f"`{default.relative_to(ROOT)}/`"
        else:
            shown = f"`{default}`" if default or default == 0 else "–"
        name = f"`{PREFIX}{setting.name.upper()}`"
        yield name, shown, setting.metadata["description"]


def _routes() -> Iterator[tuple[str, ...]]:
    rules = authorisation.rules(current_app)
    for route in sorted(current_app.url_map.iter_rules(), key=lambda one: one.rule):
        methods = ", ".join(sorted((route.methods or set()) & SHOWN_METHODS))
        address = f"`{route.rule}`".replace("|", "\\|")
        yield address, methods, f"`{route.endpoint}`", _described(rules[route.endpoint])


def _described(rule: Rule) -> str:
    words = [str(rule.who)]
    if rule.permission is not None:
        words.append(f"with the permission `{rule.permission}`")
    if rule.recently_authenticated:
        words.append("after the password again")
    if rule.mfa_pending:
        words.append("also before two-step verification is set up")
    return ", ".join(words)


def _about_people(table: Table) -> list[Column[object]]:
    marks = ((column, classification(column)) for column in table.columns)
    return [c for c, mark in marks if mark and mark.about_people]


def _columns(tables: list[Table]) -> Iterator[tuple[str, ...]]:
    held = {one.model.__table__: "yes" for one in registry().holdings}
    held |= {one.model.__table__: f"no: {one.why}" for one in registry().unheld}
    for table in tables:
        kept = "; ".join(_terms(table)) or "–"
        for column in _about_people(table):
            mark = classification(column)
            if mark is not None:
                clause, purposes = _falls_under(mark), ", ".join(mark.purposes) or "–"
                name = f"`{table.name}.{column.key}`"
                yield name, clause, purposes, held.get(table, "–"), kept


def _falls_under(mark: Classification) -> str:
    if mark.secret:
        return "secret"
    if mark.names_person:
        return "number"
    return f"{mark.clause}, derived" if mark.derived else str(mark.clause)


def _terms(table: Table) -> Iterator[str]:
    for rule in registry().retention:
        if rule.model.__table__ is table:
            done = "masked" if rule.masked else "destroyed"
            yield f"{rule.label}: {done} {rule.term} days {rule.start_label}"
    for one in registry().indefinite:
        if table in {model.__table__ for model in one.models}:
            yield f"{one.label}: {one.until}"

"""`flask site settings`, `routes`, `data-map`: tables for the docs (`make docs`)."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import click
from flask import current_app
from flask_babel import force_locale
from sqlalchemy import Column, Table

from neupusti.config.checks import PREFIX
from neupusti.config.settings import ROOT, Settings
from neupusti.core.data.classification import classification, personal_columns
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.rules import Rule
from neupusti.core.security import authorisation
from neupusti.core.text.languages import Language
from neupusti.site.views.blueprint import bp

SHOWN_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@bp.cli.command("settings")
def settings_table() -> None:
    """Print every setting as the table of the README."""
    _table(("variable", "default", "what it is"), _settings())


@bp.cli.command("routes")
def routes_table() -> None:
    """Print every route and who may call it."""
    _table(("address", "methods", "endpoint", "who may call it"), _routes())


@bp.cli.command("data-map")
def data_map() -> None:
    """Print every personal column: its clause, purposes, holding and retention."""
    tables = [table for known in db.metadatas.values() for table in known.sorted_tables]
    about = [table for table in tables if _about_people(table)]
    with force_locale(Language.EN.locale):
        _table(("column", "clause", "purposes", "holding", "kept"), _columns(about))
    others = ", ".join(f"`{table.name}`" for table in tables if table not in about)
    click.echo(f"\nNothing about a person: {others}.")


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    headings = tuple(headings)
    for cells in (headings, ("---",) * len(headings), *rows):
        click.echo(f"| {' | '.join(cells)} |")


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
        yield address, methods, f"`{route.endpoint}`", _describe(rules[route.endpoint])


def _describe(rule: Rule) -> str:
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
    return [c for c, mark in marks if mark and (mark.personal or mark.names_person)]


def _columns(tables: list[Table]) -> Iterator[tuple[str, ...]]:
    held = {one.model.__table__ for one in registry().holdings}
    for table in tables:
        kept = "; ".join(_terms(table)) or "–"
        for column in _about_people(table):
            mark = personal_columns(table).get(column.key)
            clause, purposes = "number", "–"
            if mark is not None:
                clause, purposes = str(mark.clause), ", ".join(mark.purposes)
            holding = "yes" if table in held else "–"
            yield f"`{table.name}.{column.key}`", clause, purposes, holding, kept


def _terms(table: Table) -> Iterator[str]:
    for rule in registry().retention:
        if rule.model.__table__ is table:
            done = "masked" if rule.masked else "destroyed"
            yield f"{rule.label}: {done} {rule.term} days {rule.start_label}"
    for one in registry().indefinite:
        if table in {model.__table__ for model in one.models}:
            yield f"{one.label}: {one.until}"

"""Goods as a table: written for a spreadsheet, read back with a plan before any change.

A line whose article is known changes that product, another one adds a product. The plan is
made again when it is applied, under locks; its digest shows that it is still the one that
was read, so neither another file nor a change meanwhile slips in.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category, MovementKind, Product
from neupusti.catalog.service import editing, products, stock, visibility
from neupusti.catalog.service.drafts import Change, Draft
from neupusti.catalog.service.errors import ConflictError, Message
from neupusti.catalog.service.stock import Movement
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.pictures import MEGABYTE
from neupusti.core.records.journal import StaffActionType, log_staff_action

WRITTEN = tuple(sorted((field.name for field in fields(Draft)), key="article".__ne__))
"""The columns that are read, the article first."""
FIRST_STOCK = "stock"
"""Read for new products only."""
SHOWN = ("published", "slug")
"""Columns that are written for information and not read."""
COLUMNS = (*WRITTEN, FIRST_STOCK, *SHOWN)
FOLDER = "sheets"
LARGEST = 10 * MEGABYTE
MOST_ROWS = 2000
IMPORTED = StaffActionType("catalog.imported", _("Imported a table of goods"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table, validated."""

    line: int
    article: str
    draft: Draft | None
    """None where the line is refused."""
    errors: Mapping[str, Message]
    """Column -> message; "" for the whole line."""
    stock: int = 0
    """The first stock of a new product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one line does."""

    row: Row
    product: int | None
    """The product it changes; None: it adds one."""
    changes: Sequence[Change]
    errors: Mapping[str, Message]


@dataclass(frozen=True)
class Plan:
    """What a table does, line by line."""

    steps: Sequence[Step]

    @cached_property
    def refused(self) -> list[Step]:
        """The lines that cannot be applied."""
        return [step for step in self.steps if step.errors]

    @cached_property
    def added(self) -> list[Step]:
        """The lines that add a product."""
        return [s for s in self.steps if not s.errors and s.product is None]

    @cached_property
    def changed(self) -> list[Step]:
        """The lines that change a product."""
        return [s for s in self.steps if not s.errors and s.product and s.changes]

    @property
    def unchanged(self) -> int:
        """How many lines say what is stored already."""
        kinds = (self.refused, self.added, self.changed)
        return len(self.steps) - sum(map(len, kinds))

    @cached_property
    def digest(self) -> str:
        """A digest of every change, old values and new."""
        said = [
            (
                step.product,
                row.line,
                row.stock,
                row.draft and row.draft.digest,
                *step.changes,
            )
            for step in self.steps
            for row in [step.row]
        ]
        return sha256(json.dumps(said, default=str).encode()).hexdigest()


def exported() -> Iterable[list[object]]:
    """Yield the cells of every product, in the order of `COLUMNS`."""
    wanted = select(Product, Category.slug).join(Category, Category.id == Product.category)
    for product, category in db.session.execute(wanted.order_by(Product.id)):
        values = cells(product, category)
        yield [values[name] for name in COLUMNS]


def cells(product: Product, category: str) -> dict[str, str]:
    """Return column -> text of a product whose category has the slug `category`."""
    values: dict[str, Any] = {name: getattr(product, name) for name in COLUMNS}
    values |= {"category": category, "published": int(product.released)}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def known(articles: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return article -> cells of the products that have one of `articles`."""
    wanted = select(Product, Category.slug).join(Category, Category.id == Product.category)
    rows = db.session.execute(wanted.where(Product.article.in_(set(articles))))
    return {row[0].article: cells(row[0], row[1]) for row in rows}


def plan(rows: Sequence[Row], session: Session | None = None) -> Plan:
    """Return what `rows` would do; with `session`, lock the products they change."""
    articles = {row.article for row in rows}
    wanted = select(Product).where(Product.article.in_(articles)).order_by(Product.id)
    if session is not None:
        visibility.lock(session)
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = {p.article: p for p in (session or db.session()).scalars(wanted)}
    lines: dict[str, int] = {}
    return Plan([_step(row, found.get(row.article), lines) for row in rows])


def apply(rows: Sequence[Row], digest: str, *, staff: int) -> Plan:
    """Apply all of `rows` in one transaction; return the plan.

    Raise ConflictError where its digest is not `digest`, or where a line is refused.
    """

    def work(session: Session) -> Plan:
        made = plan(rows, session)
        if made.digest != digest or made.refused:
            raise ConflictError
        for step in (*made.changed, *made.added):
            _apply(session, step, digest, staff)
        what = f"{len(made.added)} added, {len(made.changed)} changed, {digest[:16]}"
        log_staff_action(session, staff=staff, action=IMPORTED, what=what)
        return made

    return editing.attempted(work)


def keep(body: bytes) -> str:
    """Keep a table until it is applied; return its name. The sweep deletes it."""
    return files.store(FOLDER, body)


def kept(name: str) -> bytes | None:
    """Return a kept table, or None where it is gone."""
    try:
        return files.read(FOLDER, name)
    except (FileNotFoundError, ValueError):
        return None


def sweep() -> None:
    """Delete the tables that nobody applied within the hour."""
    files.sweep(FOLDER, tuple)


def _step(row: Row, product: Product | None, lines: dict[str, int]) -> Step:
    """Return what a line does; `lines` holds article -> the line that had it before."""
    errors, changes = dict(row.errors), []
    if row.article in lines:
        before = lines[row.article]
        errors["article"] = _("Line %(line)s has this article already.", line=before)
    lines.setdefault(row.article, row.line)
    if row.draft is not None and not errors:
        before_it = Draft.of(product) if product else None
        errors = dict(row.draft.errors(before_it))
        changes = row.draft.changes(before_it) if before_it else []
    number = product.id if product else None
    return Step(row=row, product=number, changes=changes, errors=errors)


def _apply(session: Session, step: Step, digest: str, staff: int) -> None:
    draft = step.row.draft
    if draft is None:
        raise ConflictError
    if step.product is not None:
        product = session.get_one(Product, step.product)
        changes = editing.update(session, product, draft)
        names = ", ".join(name for name, _old, _new in changes)
        products.log(session, products.CHANGED, product.id, names, staff=staff)
        return
    product = editing.create(session, draft)
    products.log(session, products.ADDED, product.id, draft.article, staff=staff)
    if step.row.stock:
        received = Movement(
            product=product.id,
            delta=step.row.stock,
            kind=MovementKind.RECEIVED,
            staff=staff,
            reason=f"import {digest[:16]}",
        )
        stock.change(session, received)

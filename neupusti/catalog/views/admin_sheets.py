"""Goods as a table, for staff: export, and import with a plan that is read first."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response as FileResponse
from flask import render_template
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from neupusti.catalog.forms.product import SheetRowForm
from neupusti.catalog.forms.sheet import ApplyForm, SheetForm
from neupusti.catalog.models import ReturnRule
from neupusti.catalog.service import labels, sheets
from neupusti.catalog.service.errors import CatalogError, ConflictError
from neupusti.catalog.service.sheets import Row
from neupusti.catalog.views.admin import (
    CONFLICT,
    category_names,
    category_numbers,
    done,
    me,
    refuse,
    to,
)
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.forms.base import shown
from neupusti.core.text import csv
from neupusti.core.text.csv import CsvError

FIELD = "sheet"


@bp.get("/admin/products/goods.csv")
def admin_export() -> FileResponse:
    """Send all goods as a table."""
    body = csv.csv_text(sheets.COLUMNS, sheets.exported())
    name = f"goods-{clock.today()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return FileResponse(body, mimetype=csv.MIMETYPE, headers=headers)


@bp.get("/admin/products/import")
def admin_import() -> Response:
    """Ask for a table, and say what its columns mean."""
    return _page(SheetForm(formdata=None))


@bp.post("/admin/products/import")
def admin_plan() -> Response:
    """Show line by line what a table would change; nothing is changed yet."""
    form = SheetForm()
    if not form.validate():
        return _page(form)
    body = form.sheet.data.read(sheets.LARGEST + 1)
    try:
        rows = _rows(body)
    except CatalogError as error:
        refuse(form, error)
        return _page(form)
    return _plan(sheets.keep(body), rows)


@bp.post("/admin/products/import/apply")
def admin_apply() -> Response:
    """Apply the table that was shown, if it still does what was shown."""
    form = ApplyForm()
    name = form.name.data or ""
    body = sheets.kept(name)
    if body is None:
        sent = SheetForm(formdata=None)
        sent.form_errors = [_("This table is no longer kept. Send the file again.")]
        return _page(sent)
    rows = _rows(body)
    try:
        sheets.apply(rows, form.digest.data or "", staff=me())
    except ConflictError:
        response = _plan(name, rows, conflict=True)
        response.status_code = CONFLICT
        return response
    return to("admin_products", done="imported")


def _page(form: SheetForm) -> Response:
    return shown(
        "catalog/admin/import.html",
        form,
        columns=[(name, labels.column(name)) for name in sheets.COLUMNS if _named(name)],
        categories=category_names(),
        rules={rule.value: labels.RETURN_RULES[rule] for rule in ReturnRule},
        most=sheets.MOST_ROWS,
        done=done(),
    )


def _named(column: str) -> bool:
    return column not in sheets.SHOWN


def _plan(name: str, rows: Sequence[Row], *, conflict: bool = False) -> Response:
    plan = sheets.plan(rows)
    form = ApplyForm(formdata=None)
    form.name.data, form.digest.data = name, plan.digest
    page = render_template(
        "catalog/admin/plan.html",
        plan=plan,
        form=form,
        conflict=conflict,
        column=labels.column,
        categories={number: slug for slug, number in category_numbers().items()},
    )
    return FileResponse(page)


def _rows(body: bytes) -> list[Row]:
    """Return the validated lines of a table; raise CatalogError for the whole of it."""
    if len(body) > sheets.LARGEST:
        raise _refused(_("The file is larger than 10 MB. Send it in parts."))
    try:
        lines = csv.read(body)
    except CsvError:
        raise _refused(_("We cannot read this table. Save it as CSV in UTF-8.")) from None
    if len(lines) < 2:  # noqa: PLR2004 - a heading and a line
        raise _refused(_("The table is empty: it needs a line of headings and one more."))
    if len(lines) > sheets.MOST_ROWS + 1:
        raise _refused(
            _(
                "The table has more than %(most)s lines. Send it in parts.",
                most=sheets.MOST_ROWS,
            )
        )
    names = [cell.strip().lower() for cell in lines[0][1]]
    if unknown := sorted({*names} - {*sheets.COLUMNS}):
        raise _refused(_("There is no column “%(name)s”.", name=unknown[0]))
    if "article" not in names or len({*names}) < len(names):
        raise _refused(_("The heading needs the column “article”, and each column once."))
    return _parsed(names, lines[1:])


def _refused(message: str) -> CatalogError:
    return CatalogError({FIELD: message})


@dataclass(frozen=True)
class _Reader:
    """Validates lines; a column that the table lacks stays as it is in a known product."""

    names: list[str]
    known: dict[str, dict[str, str]]
    """Article -> what is stored, by columns."""
    categories: dict[str, str]
    numbers: dict[str, int]

    def row(self, line: int, article: str, cells: list[str]) -> Row:
        """Return one line, validated by the form of a product."""
        if len(cells) != len(self.names):
            message = _(
                "The line has %(cells)s cells, the heading %(names)s.",
                cells=len(cells),
                names=len(self.names),
            )
            return Row(line=line, article=article, draft=None, errors={"": message})
        values = {
            **self.known.get(article, {}),
            **dict(zip(self.names, cells, strict=True)),
        }
        if article in self.known:
            del values[sheets.FIRST_STOCK]
        form = SheetRowForm(
            formdata=MultiDict(values), meta={"csrf": False}, categories=self.categories
        )
        valid = form.validate()
        return Row(
            line=line,
            article=article,
            draft=form.draft(self.numbers) if valid else None,
            errors={name: messages[0] for name, messages in form.errors.items()},
            stock=form.stock.number if valid else 0,
        )


def _parsed(names: list[str], lines: list[tuple[int, list[str]]]) -> list[Row]:
    place = names.index("article")
    articles = [
        (cells[place : place + 1] or [""])[0].strip(" ").upper() for _no, cells in lines
    ]
    reader = _Reader(names, sheets.known(articles), category_names(), category_numbers())
    return [
        reader.row(line, article, cells)
        for (line, cells), article in zip(lines, articles, strict=True)
    ]

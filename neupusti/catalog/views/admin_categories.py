"""The categories of the shop, for staff."""

from typing import Any

from flask import abort
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.catalog.forms.category import CategoryForm
from neupusti.catalog.models import Category
from neupusti.catalog.queries.categories import hidden
from neupusti.catalog.service import category_editing
from neupusti.catalog.service.drafts import CategoryDraft, seen
from neupusti.catalog.service.errors import CatalogError, ConflictError
from neupusti.catalog.views.admin import CONFLICT, done, me, refuse, to
from neupusti.catalog.views.blueprint import bp
from neupusti.core.forms.base import shown
from neupusti.core.text import languages
from neupusti.core.web.pagination import ROW


@bp.get("/admin/products/categories/")
def admin_categories() -> Response:
    """Show the categories, and a form for a new one."""
    tree = category_editing.tree()
    form = _form(tree, formdata=None)
    form.position.data = str(len(tree) + 1)
    form.published.data = True
    return _page(form, None, tree)


@bp.post("/admin/products/categories/")
def admin_add_category() -> Response:
    """Store a new category."""
    tree = category_editing.tree()
    form = _form(tree)
    if not form.validate():
        return _page(form, None, tree)
    category_editing.add(form.draft(), staff=me())
    return to("admin_categories", done="saved")


@bp.get(f"/admin/products/categories/{ROW}")
def admin_category(number: int) -> Response:
    """Show a category as a form."""
    tree = category_editing.tree()
    category = _found(tree, number)
    return _page(_filled(tree, category), category, tree)


@bp.post(f"/admin/products/categories/{ROW}")
def admin_change_category(number: int) -> Response:
    """Save a category, unless somebody else saved it meanwhile."""
    tree = category_editing.tree()
    category = _found(tree, number)
    form = _form(tree)
    if not form.validate():
        return _page(form, category, tree)
    opened = form.opened.data or ""
    try:
        category_editing.change(number, form.draft(), opened=opened, staff=me())
    except CatalogError as error:
        refuse(form, error)
    except ConflictError:
        form.opened.data = seen(category)
        form.form_errors = [
            _("Somebody changed this category meanwhile. Look at the list, then save.")
        ]
        response = _page(form, category, tree)
        response.status_code = CONFLICT
        return response
    if form.errors:
        return _page(form, category, tree)
    return to("admin_categories", done="saved")


def _found(tree: list[tuple[Category, int]], number: int) -> Category:
    found = {category.id: category for category, _depth in tree}
    return found.get(number) or abort(404)


def _form(tree: list[tuple[Category, int]], **values: Any) -> CategoryForm:
    language = languages.current()
    parents = {"": _("at the top")} | {
        str(category.id): f"{'— ' * depth}{category.name(language)}"
        for category, depth in tree
    }
    return CategoryForm(parents=parents, **values)


def _filled(tree: list[tuple[Category, int]], category: Category) -> CategoryForm:
    form = _form(tree, formdata=None, obj=CategoryDraft.of(category))
    form.parent.data = str(category.parent or "")
    form.opened.data = seen(category)
    return form


def _page(
    form: CategoryForm, category: Category | None, tree: list[tuple[Category, int]]
) -> Response:
    return shown(
        "catalog/admin/categories.html",
        form,
        category=category,
        tree=tree,
        hidden=hidden((one.id, one.parent, one.published) for one, _depth in tree),
        done=done(),
    )

"""The staff's list of goods and the pages of one product."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.catalog.forms.product import ProductForm
from neupusti.catalog.models import Band, Category, Product
from neupusti.catalog.service import category_editing, goods_list, labels, products
from neupusti.catalog.service.drafts import Draft, seen
from neupusti.catalog.service.errors import CatalogError, ConflictError, PublishError
from neupusti.catalog.service.goods_list import GoodsFilters
from neupusti.catalog.views.blueprint import bp
from neupusti.core import clock
from neupusti.core.forms.base import ConfirmForm, Form, shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text import countries, languages
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW

MOST_TEXT = 100
"""Characters of a search that count."""
CONFLICT = 409
DONE = {
    "added": _("The product is added. It is shown in the shop once it is published."),
    "saved": _("Saved."),
    "unchanged": _("Nothing was changed."),
    "published": _("The product is in the shop now."),
    "deleted": _("The product is deleted."),
    "withdrawn": _("The product is no longer shown in the shop."),
    "photo": _("The photo is added."),
    "removed": _("The photo is removed."),
    "stock": _("The stock is changed."),
    "imported": _("The table is imported."),
}


@bp.get("/admin/products/")
def admin_products() -> str:
    """Show the goods, filtered, with their prices, stock and state."""
    filters = _filters()
    language = languages.current()
    listing = pagination.paginate(
        filters.rows(language), pagination.number(request.args.get("page"))
    )
    tree = category_editing.tree()
    return render_template(
        "catalog/admin/list.html",
        filters=filters,
        listing=listing,
        address=lambda page: url_for(
            "catalog.admin_products", **filters.parameters, page=page
        ),
        photos=goods_list.first_photos(listing.rows),
        tree=tree,
        categories={category.id: category for category, _depth in tree},
        today=clock.today(),
        bands={band.value: label for band, label in labels.BANDS.items()},
        done=done(),
    )


@bp.get("/admin/products/new")
def admin_new_product() -> Response:
    """Ask for a new product."""
    form = _form(formdata=None)
    form.origin.data = countries.HOME
    return _page(form, None)


@bp.post("/admin/products/new")
def admin_add_product() -> Response:
    """Store a new product."""
    form = _form()
    if not form.validate():
        return _page(form, None)
    try:
        number = products.add(form.draft(category_numbers()), staff=me())
    except CatalogError as error:
        refuse(form, error)
        return _page(form, None)
    return to("admin_photos", number=number, done="added")


@bp.get(f"/admin/products/{ROW}")
def admin_product(number: int) -> Response:
    """Show a product as a form."""
    product = found(number)
    return _page(_filled(product), product)


@bp.post(f"/admin/products/{ROW}")
def admin_change_product(number: int) -> Response:
    """Save a product, unless somebody else saved it meanwhile."""
    product = found(number)
    form = _form()
    if not form.validate():
        return _page(form, product)
    draft = form.draft(category_numbers())
    try:
        changed = products.change(number, draft, opened=form.opened.data or "", staff=me())
    except CatalogError as error:
        refuse(form, error)
        return _page(form, product)
    except ConflictError as error:
        return _conflict(form, number, draft, error)
    if changed is None:
        abort(404)
    return to("admin_product", number=number, done="saved" if changed else "unchanged")


@bp.post(f"/admin/products/{ROW}/publish")
def admin_publish(number: int) -> Response:
    """Show a product in the shop."""
    try:
        if not products.publish(number, staff=me()):
            abort(404)
    except PublishError as error:
        product = found(number)
        form = _filled(product)
        form.form_errors = [str(reason) for reason in error.reasons]
        return _page(form, product)
    # Not in the shop yet where its category is hidden, as the page says.
    done = "published" if found(number).published else "saved"
    return to("admin_product", number=number, done=done)


@bp.post(f"/admin/products/{ROW}/withdraw")
def admin_withdraw(number: int) -> Response:
    """Take a product off the shop's pages."""
    if not products.withdraw(number, staff=me()):
        abort(404)
    return to("admin_product", number=number, done="withdrawn")


@bp.get(f"/admin/products/{ROW}/delete")
def admin_ask_to_delete(number: int) -> Response:
    """Ask whether to delete a product, or say why it cannot be deleted."""
    return _deletion(ConfirmForm(formdata=None), number)


@bp.post(f"/admin/products/{ROW}/delete")
def admin_delete(number: int) -> Response:
    """Delete a product that was never ordered."""
    form = ConfirmForm()
    if not form.validate():
        return _deletion(form, number)
    try:
        if not products.delete(number, staff=me()):
            abort(404)
    except PublishError as error:
        form.form_errors = [str(reason) for reason in error.reasons]
        return _deletion(form, number)
    return to("admin_products", done="deleted")


def found(number: int) -> Product:
    """Return a product, or respond with 404."""
    product = products.find(number)
    if product is None:
        abort(404)
    return product


def me() -> int:
    """Return the number of the signed-in member of staff."""
    return identity.me().person


def to(endpoint: str, **values: Any) -> Response:
    """Redirect with 303 to a page of this feature."""
    return redirect(url_for(f"catalog.{endpoint}", **values), 303)


def refuse(form: Form, error: CatalogError) -> None:
    """Show each message beside its field."""
    for field, message in error.errors.items():
        form.refuse(field, str(message))


def tell_apart(form: Form, ending: str) -> None:
    """Give the fields of one of several forms of a page ids of their own."""
    for field in form:
        field.id += ending


def done() -> Any:
    """Return the message about the action before this page, or None."""
    return DONE.get(request.args.get("done", ""))


def staff_names() -> dict[int, str]:
    """Return the names of members of staff by their numbers."""
    return registry().staff_names()


def _filters() -> GoodsFilters:
    category = pagination.whole(request.args.get("category"))
    band = request.args.get("band", "")
    published = {"1": True, "0": False}.get(request.args.get("published", ""))
    return GoodsFilters(
        category=category if category and category <= pagination.LARGEST else None,
        published=published,
        band=Band(band) if band in set(Band) else None,
        text=request.args.get("q", "")[:MOST_TEXT].strip(),
    )


def category_numbers() -> dict[str, int]:
    """Return slug -> number of every category."""
    return {category.slug: category.id for category, _depth in category_editing.tree()}


def _form(**values: Any) -> ProductForm:
    return ProductForm(categories=category_names(), **values)


def category_names() -> dict[str, str]:
    """Return slug -> name of every category, those below another one indented."""
    language = languages.current()
    return {
        category.slug: f"{'— ' * depth}{category.name(language)}"
        for category, depth in category_editing.tree()
    }


def _filled(product: Product) -> ProductForm:
    """Return the form of a product as it is stored."""
    form = _form(formdata=None, obj=product)
    slugs = {number: slug for slug, number in category_numbers().items()}
    form.category.data = slugs[product.category]
    form.opened.data = seen(product)
    return form


def _page(form: ProductForm, product: Product | None, **values: Any) -> Response:
    return shown(
        "catalog/admin/product.html",
        form,
        product=product,
        done=done(),
        has_categories=bool(form.category.choices),
        **values,
    )


def _deletion(form: ConfirmForm, number: int) -> Response:
    return shown(
        "catalog/admin/delete.html",
        form,
        product=found(number),
        ordered=products.ORDERED if products.was_ordered(number) else "",
    )


def _conflict(
    form: ProductForm, number: int, draft: Draft, error: ConflictError
) -> Response:
    """Show what differs; nothing that was typed is lost, and a second press saves it."""
    product = found(number)
    form.opened.data = seen(product)
    names = _category_labels()
    differences = [
        (
            labels.column(name),
            *(names.get(v, v) if name == "category" else v for v in (old, new)),
        )
        for name, old, new in draft.changes(Draft.of(product))
    ]
    response = _page(
        form,
        product,
        conflict=error,
        differences=differences,
        names=staff_names(),
    )
    response.status_code = CONFLICT
    return response


def _category_labels() -> dict[object, str]:
    language = languages.current()
    rows: list[tuple[Category, int]] = category_editing.tree()
    return {category.id: category.name(language) for category, _depth in rows}

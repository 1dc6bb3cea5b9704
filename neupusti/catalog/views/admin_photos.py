"""The photos of a product, for staff: add, describe, order, remove."""

from flask import abort, request
from werkzeug.wrappers import Response

from neupusti.catalog.forms.photo import AltForm, PhotoForm
from neupusti.catalog.models import Product, ProductPhoto
from neupusti.catalog.service import photos
from neupusti.catalog.service.errors import CatalogError, PublishError
from neupusti.catalog.views.admin import done, found, me, refuse, tell_apart, to
from neupusti.catalog.views.blueprint import bp
from neupusti.core.data.database import db
from neupusti.core.forms.base import Form, shown
from neupusti.core.web.pagination import ROW


@bp.get(f"/admin/products/{ROW}/photos")
def admin_photos(number: int) -> Response:
    """Show the photos of a product, and a form for another one."""
    return _page(found(number), PhotoForm(formdata=None))


@bp.post(f"/admin/products/{ROW}/photos")
def admin_add_photo(number: int) -> Response:
    """Add a photo."""
    form = PhotoForm()
    product = found(number)
    if not form.validate():
        return _page(product, form)
    upload = form.photo.data
    body, name = upload.read(photos.LARGEST + 1), upload.filename or ""
    try:
        if not photos.add(number, body, name, form.alts(), staff=me()):
            abort(404)
    except CatalogError as error:
        refuse(form, error)
        return _page(found(number), form)
    return to("admin_photos", number=number, done="photo")


@bp.post(f"/admin/products/photos/{ROW}")
def admin_change_photo(number: int) -> Response:
    """Save the words of a photo; the button «earlier» also moves it to the front."""
    form = AltForm()
    if not form.validate():
        return _page(found(_photo(number).product), form, number)
    earlier = request.form.get("move") == "earlier"
    product = photos.change(number, _name(), form.alts(), earlier=earlier, staff=me())
    if product is None:
        abort(404)
    return to("admin_photos", number=product, done="saved")


@bp.post(f"/admin/products/photos/{ROW}/remove")
def admin_remove_photo(number: int) -> Response:
    """Remove a photo."""
    try:
        product = photos.remove(number, _name(), staff=me())
    except PublishError as error:
        form = PhotoForm(formdata=None)
        form.form_errors = [str(reason) for reason in error.reasons]
        return _page(found(_photo(number).product), form)
    if product is None:
        abort(404)
    return to("admin_photos", number=product, done="removed")


def _name() -> str:
    """Return the name of the photo that the page showed under this number."""
    return request.form.get("name", "")


def _photo(number: int) -> ProductPhoto:
    return photos.find(db.session(), number, _name()) or abort(404)


def _page(product: Product, form: Form, changed: int | None = None) -> Response:
    """Show the page; `form` is that of the photo `changed`, or that of a new one."""
    rows = photos.of(product.id)
    forms = {
        row.id: form if row.id == changed else AltForm(formdata=None, obj=row)
        for row in rows
    }
    for number, one in forms.items():
        tell_apart(one, f"-{number}")
    return shown(
        "catalog/admin/photos.html",
        form,
        product=product,
        photos=rows,
        forms=forms,
        new=form if changed is None else PhotoForm(formdata=None),
        most=photos.MOST,
        done=done(),
    )

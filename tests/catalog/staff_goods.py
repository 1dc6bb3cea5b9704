"""What the tests of the staff's work with goods share: Дана, a category, a product."""

import io
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from neupusti.catalog.models import Category, Product
from neupusti.catalog.service import category_editing, photos, products
from neupusti.catalog.service.drafts import CategoryDraft, Draft, seen
from neupusti.catalog.service.photos import Alts
from neupusti.core.data.database import db
from tests import desk
from tests import photos as pictures

LIST, NEW = "/admin/products/", "/admin/products/new"
TEXTS = {
    f"{stem}_{language}": f"{stem} {language}"
    for stem in ("text", "composition", "sizes")
    for language in ("ru", "kk", "en")
}
NAMES = {"name_ru": "Чайник эмалированный", "name_kk": "Эмаль шәйнек", "name_en": "Teapot"}
FIELDS: Mapping[str, str] = {
    "article": "K-014",
    **NAMES,
    **TEXTS,
    "brand": "Айша",
    "origin": "KZ",
    "weight_g": "900",
    "price": "12990",
    "old_price": "14990",
    "deal_price": "",
    "deal_until": "",
    "return_rule": "law",
    "category": "posuda",
}
ALTS = {"alt_ru": "Синий чайник", "alt_kk": "Көк шәйнек", "alt_en": "A blue teapot"}
PHOTO = pictures.encoded(pictures.drawn(1400, 1000), "JPEG")


def category(name: str = "Посуда", staff: int = 1) -> int:
    """Store a category; return its number."""
    draft = CategoryDraft(
        name_ru=name,
        name_kk="Ыдыс",
        name_en="Kitchen",
        parent=None,
        position=1,
        published=True,
    )
    category_editing.add(draft, staff=staff)
    return db.session.scalars(select(Category.id).order_by(Category.id.desc())).first() or 0


def draft(where: int, **changes: Any) -> Draft:
    """Return a valid product in a category."""
    values: dict[str, Any] = {**NAMES, **TEXTS, "article": "K-014", "brand": "Айша"}
    values |= {"origin": "KZ", "weight_g": 900, "price": 12990, "old_price": 14990}
    values |= {"deal_price": None, "deal_until": None, "return_rule": "law"}
    return Draft(**{**values, "category": where, **changes})


def product(where: int | None = None, *, shown: bool = False, **changes: Any) -> int:
    """Store a product, with a photo and published if `shown`; return its number."""
    number = products.add(draft(where or category(), **changes), staff=1)
    if shown:
        assert photos.add(number, PHOTO, "a.jpg", Alts(**ALTS), staff=1)
        assert products.publish(number, staff=1)
    return number


def stored(number: int) -> Product:
    """Return a product as the database has it now."""
    db.session.rollback()
    return db.session.get_one(Product, number, populate_existing=True)


def post(app: Flask, browser: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form with its token."""
    return browser.post(path, data=desk.form(app, **fields))


def save(app: Flask, browser: FlaskClient, number: int, **changes: Any) -> TestResponse:
    """Send the form of a product as it was opened just now, with changes."""
    opened = {"opened": seen(stored(number)), **FIELDS}
    return post(app, browser, f"{LIST}{number}", **{**opened, **changes})


def upload(
    app: Flask, browser: FlaskClient, path: str, file: tuple[str, bytes, str], **more: Any
) -> TestResponse:
    """Send a form with a file: its field, content and name."""
    field, body, name = file
    storage = FileStorage(io.BytesIO(body), name, field)
    boundary, data = encode_multipart({**desk.form(app), **more, field: storage})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.post(path, data=data, content_type=kind)


def what(answer: TestResponse) -> tuple[int, str]:
    """Return the status of an answer and where it leads, without the host."""
    return answer.status_code, answer.headers.get("Location", "")

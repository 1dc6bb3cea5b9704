"""What the tests of photos share: sending one, and what is stored of it."""

from random import Random
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.catalog.models import ProductPhoto
from neupusti.catalog.service import photos
from neupusti.core.data.database import db
from tests import stored
from tests.catalog.staff_goods import (
    ALTS,
    LIST,
    PHOTO,
    upload,
)


def send(
    app: Flask,
    browser: FlaskClient,
    number: int,
    body: bytes = PHOTO,
    name: str = "a.jpg",
    **more: Any,
) -> TestResponse:
    path = f"{LIST}{number}/photos"
    return upload(app, browser, path, ("photo", body, name), **{**ALTS, **more})


def rows() -> list[ProductPhoto]:
    db.session.rollback()
    wanted = select(ProductPhoto).order_by(ProductPhoto.position, ProductPhoto.id)
    return list(db.session.scalars(wanted))


def stored_files() -> list[str]:
    return stored.names(photos.FOLDER)


def noise(width: int, height: int) -> Image.Image:
    pixels = Random(7).randbytes(width * height * 3)  # noqa: S311 - no secret
    return Image.frombytes("RGB", (width, height), pixels)

"""Photos of products: checked, encoded in every width, kept under their digest.

The name of a photo is the beginning of the SHA-256 of its largest file, so a replaced one
has a new address and browsers may keep the old one for ever. Files are written before the
row, and outlive it: the sweep destroys those that no row names. One lock orders both.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from flask_babel import lazy_gettext as _
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.catalog.models import Product, ProductPhoto
from neupusti.catalog.service import editing, products, visibility
from neupusti.catalog.service.errors import CatalogError, PublishError
from neupusti.core import pictures
from neupusti.core.data import files
from neupusti.core.data.database import db, writing
from neupusti.core.pictures import MEGABYTE, PictureError
from neupusti.core.records.journal import StaffActionType

FOLDER = "photos"
FIELD = "photo"
LARGEST = 10 * MEGABYTE
WIDTHS = (320, 640, 960, 1280)
"""Pixels; a photo has the files of those it is not narrower than."""
JPEG_WIDTH = 640
"""The one JPEG, for mail and previews; that of a narrower photo is as wide as itself."""
STEEPEST = 2
"""How many times as high as wide a photo may be."""
WEBP_QUALITY, JPEG_QUALITY = 80, 82
MOST = 12
"""The most photos of a product."""
SWEEP_EVERY = timedelta(hours=1)
PHOTOS = StaffActionType("catalog.photos", _("Changed the photos of a product"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alts:
    """What a photo shows, in words, for those who do not see it."""

    alt_ru: str
    alt_kk: str
    alt_en: str


def of(number: int, session: Session | None = None) -> list[ProductPhoto]:
    """Return the photos of a product in their order."""
    wanted = select(ProductPhoto).where(ProductPhoto.product == number)
    ordered = wanted.order_by(ProductPhoto.position, ProductPhoto.id)
    return list((session or db.session()).scalars(ordered))


def body_of(name: str, width: int, kind: str) -> bytes:
    """Return one file; raise FileNotFoundError, or ValueError for an invalid name."""
    return files.read(FOLDER, f"{name}-{width}.{kind}")


def add(number: int, body: bytes, file_name: str, alts: Alts, *, staff: int) -> bool:
    """Add an uploaded photo to a product; False: there is no such product.

    Raise CatalogError with a message, or OSError where the disk is full.
    """
    # Hold no database connection while waiting for the lock.
    db.session.remove()
    with files.alone(FOLDER):
        try:
            picture = pictures.fitted(
                body, file_name, largest=LARGEST, box=(WIDTHS[-1], STEEPEST * WIDTHS[-1])
            )
        except PictureError as error:
            raise CatalogError({FIELD: error.message}) from None
        _check_shape(picture)
        made = _files(picture)
        digest = sha256(made[f"{_widths(picture)[-1]}.webp"]).hexdigest()
        name = digest[:32]
        for ending, content in made.items():
            files.store(FOLDER, content, f"{name}-{ending}")
        row = ProductPhoto(
            product=number,
            name=name,
            width=picture.width,
            height=picture.height,
            sha256=digest,
            alt_ru=alts.alt_ru,
            alt_kk=alts.alt_kk,
            alt_en=alts.alt_en,
        )
        return _store(row, staff)


def find(session: Session, number: int, name: str) -> ProductPhoto | None:
    """Return the photo that a page showed, or None where it is gone.

    Where a backup was restored, another may have its number, also another product's.
    """
    found: ProductPhoto | None = session.scalar(
        select(ProductPhoto).filter_by(id=number, name=name)
    )
    return found


def change(number: int, name: str, alts: Alts, *, earlier: bool, staff: int) -> int | None:
    """Save the words of a photo and, with `earlier`, move it one place to the front.

    Return the number of its product; None: there is no such photo.
    """
    with writing() as session:
        photo = find(session, number, name)
        if photo is None:
            return None
        photo.alt_ru, photo.alt_kk, photo.alt_en = alts.alt_ru, alts.alt_kk, alts.alt_en
        _save(session, photo.product, f"photo {number} changed", staff)
        rows = of(photo.product, session)
        place = rows.index(photo)
        if earlier and place:
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
        for position, row in enumerate(rows, 1):
            row.position = position
        return photo.product


def remove(number: int, name: str, *, staff: int) -> int | None:
    """Remove a photo; return the number of its product, None: no such photo.

    Raise PublishError for the only photo of a published product.
    """
    with writing() as session:
        photo = find(session, number, name)
        if photo is None:
            return None
        product = photo.product
        shown = _save(session, product, f"photo {number} removed", staff)
        if shown.released and len(of(product, session)) == 1:
            raise PublishError(
                _("Add another photo first, or withdraw the product: this is its only one.")
            )
        session.delete(photo)
        return product


def sweep() -> None:
    """Destroy the files that no photo names."""
    with files.alone(FOLDER):
        files.sweep(FOLDER, _named)


def _named() -> list[str]:
    endings = (*(f"{width}.webp" for width in WIDTHS), f"{JPEG_WIDTH}.jpg")
    names = db.session.scalars(select(ProductPhoto.name).distinct())
    return [f"{name}-{ending}" for name in names for ending in endings]


def _check_shape(picture: Image.Image) -> None:
    if picture.width < WIDTHS[0] or picture.height > STEEPEST * picture.width:
        message = _(
            "A photo is at least 320 pixels wide and at most twice as high as wide."
        )
        raise CatalogError({FIELD: message})


def _widths(picture: Image.Image) -> list[int]:
    return [width for width in WIDTHS if width <= picture.width]


def _files(picture: Image.Image) -> dict[str, bytes]:
    """Return the end of its name -> the bytes of every file of a photo."""
    made = {}
    for width in reversed(_widths(picture)):
        # Each from the one before: less work, and no large picture is kept.
        picture = _narrowed(picture, width)
        made[f"{width}.webp"] = pictures.webp(picture, WEBP_QUALITY)
        if width <= JPEG_WIDTH and f"{JPEG_WIDTH}.jpg" not in made:
            made[f"{JPEG_WIDTH}.jpg"] = pictures.jpeg(picture, JPEG_QUALITY)
    return made


def _narrowed(picture: Image.Image, width: int) -> Image.Image:
    if picture.width == width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _store(row: ProductPhoto, staff: int) -> bool:
    with writing() as session:
        # Locked first: another machine may add a photo at the same time.
        if products.locked(session, row.product) is None:
            return False
        before = of(row.product, session)
        if len(before) >= MOST:
            raise CatalogError(
                {FIELD: _("A product has at most %(most)s photos.", most=MOST)}
            )
        if row.name in {photo.name for photo in before}:
            raise CatalogError({FIELD: _("The product has this photo already.")})
        row.position = max((photo.position for photo in before), default=0) + 1
        session.add(row)
        _save(session, row.product, f"photo {row.name[:8]} added", staff)
    return True


def _save(session: Session, number: int, what: str, staff: int) -> Product:
    product = products.locked(session, number)
    if product is None:
        raise LookupError(number)
    editing.touch(product)
    visibility.settle(session, product)
    products.log(session, PHOTOS, number, what, staff=staff)
    return product

"""The manifest of the catalog feature."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.models import (
    Category,
    Product,
    ProductPhoto,
    ProductSlug,
    StockMovement,
    Word,
)
from neupusti.catalog.service import (
    category_editing,
    counting,
    labels,
    photos,
    products,
    samples,
    sheets,
)
from neupusti.catalog.views import (
    admin,
    admin_categories,
    admin_photos,
    admin_sheets,
    admin_stock,
    cli,
    home,
    listing,
    product,
    recent,
    search,
    sitemap,
)
from neupusti.catalog.views import photos as photo_views
from neupusti.catalog.views.blueprint import bp
from neupusti.config.settings import settings
from neupusti.core.background import Job
from neupusti.core.feature import Feature, MenuItem, Page, Place
from neupusti.core.keeping import STAFF_ORDER, Fate, Holding, IndefiniteRetention
from neupusti.core.rules import CONTENT, PUBLIC

VIEWS = (
    *(home, listing, product, recent, photo_views, search, cli),
    *(admin, admin_categories, admin_photos, admin_sheets, admin_stock),
)
"""Importing a view module registers its routes and commands on the blueprint."""


def seed() -> str:
    """Bring the sample goods into a local shop; a public one starts empty."""
    return "" if settings().production else samples.seed()


FEATURE = Feature(
    name="catalog",
    clauses=(),
    blueprint=bp,
    access={
        "catalog.category": PUBLIC,
        "catalog.forget_recent": PUBLIC,
        "catalog.home": PUBLIC,
        "catalog.photo": PUBLIC,
        "catalog.product": PUBLIC,
        "catalog.products": PUBLIC,
        "catalog.search": PUBLIC,
        **dict.fromkeys(
            (
                *("catalog.admin_products", "catalog.admin_new_product"),
                *("catalog.admin_add_product", "catalog.admin_product"),
                *("catalog.admin_change_product", "catalog.admin_publish"),
                *("catalog.admin_withdraw", "catalog.admin_photos"),
                *("catalog.admin_ask_to_delete", "catalog.admin_delete"),
                *("catalog.admin_add_photo", "catalog.admin_change_photo"),
                *("catalog.admin_remove_photo", "catalog.admin_stock"),
                *("catalog.admin_count", "catalog.admin_move"),
                *("catalog.admin_categories", "catalog.admin_add_category"),
                *("catalog.admin_category", "catalog.admin_change_category"),
                *("catalog.admin_export", "catalog.admin_import"),
                *("catalog.admin_plan", "catalog.admin_apply"),
            ),
            CONTENT,
        ),
    },
    cookies=(recent.RECENT,),
    admin_menu=(MenuItem(endpoint="catalog.admin_products", label=_("Goods")),),
    jobs=(
        Job(name="photos", every=photos.SWEEP_EVERY, run=photos.sweep),
        Job(name="sheets", every=photos.SWEEP_EVERY, run=sheets.sweep),
    ),
    staff_actions=(
        *(products.ADDED, products.CHANGED, products.DELETED),
        *(products.PUBLISHED, products.WITHDRAWN),
        *(photos.PHOTOS, counting.STOCK, category_editing.CATEGORY, sheets.IMPORTED),
    ),
    pages=(
        Page(endpoint="catalog.home", label=_("Deals")),
        Page(
            endpoint="catalog.products",
            label=_("Catalogue"),
            places=frozenset({Place.HEADER}),
            first=True,
        ),
    ),
    addresses=sitemap.addresses,
    address_files=sitemap.PRODUCTS,
    seed=seed,
    codes={"stock_movement.kind": labels.MOVEMENTS},
    holdings=(Holding(model=StockMovement, order=STAFF_ORDER, fate=Fate.EVIDENCE),),
    indefinite=(
        IndefiniteRetention(
            label=_("The goods themselves; nothing there is about people"),
            clause="5.1",
            until=_("as long as the shop sells them"),
            models=(Category, Product, ProductPhoto, ProductSlug, Word),
        ),
        IndefiniteRetention(
            label=_("How the stock of goods changed, and who on the staff changed it"),
            clause="5.1",
            until=_("as long as the books need it"),
            models=(StockMovement,),
        ),
    ),
)

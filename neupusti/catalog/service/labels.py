"""The words for the codes of products and movements, as staff read them."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.models import Band, MovementKind, ReturnRule
from neupusti.catalog.service.return_rules import EXCEPTIONS

BANDS = {
    Band.IN: _("enough"),
    Band.FEW: _("few left"),
    Band.OUT: _("out of stock"),
}
MOVEMENTS = {
    MovementKind.RECEIVED: _("received"),
    MovementKind.COUNTED: _("counted"),
    MovementKind.SOLD: _("sold"),
    MovementKind.CANCELLED: _("order cancelled"),
    MovementKind.RETURNED: _("returned"),
    MovementKind.WRITTEN_OFF: _("written off"),
}
RETURN_RULES = {
    ReturnRule.LAW: _("Within 14 days from the delivery"),
    **{
        rule: _("No return by the law: %(goods)s", goods=goods)
        for rule, goods in EXCEPTIONS.items()
    },
}
COLUMNS = {
    "category": _("Category"),
    "article": _("Article"),
    "name": _("Name"),
    "text": _("Description"),
    "composition": _("Composition"),
    "sizes": _("Sizes"),
    "brand": _("Brand"),
    "origin": _("Country of production"),
    "weight_g": _("Weight with packing, g"),
    "price": _("Price, ₸"),
    "old_price": _("Price before, ₸"),
    "deal_price": _("Price of the deal, ₸"),
    "deal_until": _("Last day of the deal"),
    "return_rule": _("Return"),
    "stock": _("Stock"),
}


def column(name: str) -> str:
    """Return the label of a column; that of a text with its language: «Name (ru)»."""
    if name in COLUMNS:
        return str(COLUMNS[name])
    stem, _underscore, language = name.rpartition("_")
    return f"{COLUMNS[stem]} ({language})"

"""The form of a product, and of a line of a table of goods."""

from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields import SelectChoice

from neupusti.catalog.forms.fields import (
    LONGEST_NAME,
    PIECES_DIGITS,
    Article,
    CalendarDay,
    Digits,
    name,
)
from neupusti.catalog.models import ReturnRule
from neupusti.catalog.service import labels
from neupusti.catalog.service.drafts import Draft
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Choice, TextArea, TextLine
from neupusti.core.text import countries, languages
from neupusti.core.text.languages import Language

PRICE_DIGITS, WEIGHT_DIGITS = 8, 6
LONGEST = {"text": 2000, "composition": 500, "sizes": 300}
"""Characters; three languages of all fit into the 64 KiB of a form."""


class ProductForm(Form):
    """Everything of a product but its stock, address and photos."""

    opened = HiddenField()
    article = Article(
        labels.COLUMNS["article"],
        empty=_("Write the article."),
        hint=_("Our own number of the product, like K-014"),
    )
    category = Choice(labels.COLUMNS["category"])
    brand = TextLine(labels.COLUMNS["brand"], longest=LONGEST_NAME)
    origin = Choice(labels.COLUMNS["origin"])
    weight_g = Digits(
        labels.COLUMNS["weight_g"],
        empty=_("Write the weight in grams."),
        longest=WEIGHT_DIGITS,
    )
    price = Digits(
        labels.COLUMNS["price"],
        empty=_("Write the price."),
        longest=PRICE_DIGITS,
        hint=_("Whole tenge, digits only: 12990"),
    )
    old_price = Digits(
        labels.COLUMNS["old_price"],
        longest=PRICE_DIGITS,
        hint=_("Where the price was lowered for good; it is shown struck through"),
    )
    deal_price = Digits(
        labels.COLUMNS["deal_price"],
        longest=PRICE_DIGITS,
        hint=_("In force to the end of the last day; then the price above is back"),
    )
    deal_until = CalendarDay(labels.COLUMNS["deal_until"])
    return_rule = Choice(
        labels.COLUMNS["return_rule"],
        choices=[
            SelectChoice(rule.value, labels.RETURN_RULES[rule]) for rule in ReturnRule
        ],
        hint=_("Shown before buying; a refusal needs its reason by the law"),
    )

    def __init__(self, *args: Any, categories: dict[str, str], **kwargs: Any) -> None:
        """Offer `categories`: slug -> name."""
        super().__init__(*args, **kwargs)
        self.category.choices = [SelectChoice(*item) for item in categories.items()]
        self.origin.choices = _countries(languages.current())

    def draft(self, numbers: dict[str, int]) -> Draft:
        """Return the product that was written; `numbers`: slug of a category -> number."""
        texts = {
            f"{stem}_{language}": self[f"{stem}_{language}"].data or ""
            for stem in ("name", *LONGEST)
            for language in Language
        }
        return Draft(
            category=numbers[self.category.data],
            article=self.article.data,
            brand=self.brand.data or "",
            origin=self.origin.data,
            weight_g=self.weight_g.number,
            price=self.price.number,
            old_price=self.old_price.number_or_none,
            deal_price=self.deal_price.number_or_none,
            deal_until=self.deal_until.day,
            return_rule=self.return_rule.data,
            **texts,
        )


class SheetRowForm(ProductForm):
    """A line of a table of goods: a product, and the first stock of a new one."""

    stock = Digits(labels.COLUMNS["stock"], least=0, longest=PIECES_DIGITS)


@cache
def _countries(language: Language) -> list[SelectChoice]:
    return [SelectChoice(*item) for item in countries.names(language).items()]


for _language in Language:
    setattr(ProductForm, f"name_{_language}", name(_language))
    for _stem, _longest in LONGEST.items():
        _field = TextArea(
            labels.COLUMNS[_stem],
            clause="",
            longest=_longest,
            render_kw={"lang": _language.value},
        )
        setattr(ProductForm, f"{_stem}_{_language}", _field)

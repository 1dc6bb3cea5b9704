"""The form of a category."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields import SelectChoice

from neupusti.catalog.forms.fields import Digits, name
from neupusti.catalog.service.drafts import CategoryDraft
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import Checkbox, Choice
from neupusti.core.text.languages import Language

PLACE_DIGITS = 4


class CategoryForm(Form):
    """A category."""

    opened = HiddenField()
    parent = Choice(_("Below"))
    position = Digits(
        _("Place in the menu"),
        empty=_("Write its place in the menu."),
        least=0,
        longest=PLACE_DIGITS,
    )
    published = Checkbox(_("Shown in the shop"))

    def __init__(self, *args: Any, parents: dict[str, str], **kwargs: Any) -> None:
        """Offer `parents`: number -> name; "": the top."""
        super().__init__(*args, **kwargs)
        self.parent.choices = [SelectChoice(*item) for item in parents.items()]
        self.parent.flags.required = False

    def draft(self) -> CategoryDraft:
        """Return the category that was written."""
        return CategoryDraft(
            **{f"name_{language}": self[f"name_{language}"].data for language in Language},
            parent=int(self.parent.data) if self.parent.data else None,
            position=self.position.number,
            published=self.published.data,
        )


for _language in Language:
    setattr(CategoryForm, f"name_{_language}", name(_language))

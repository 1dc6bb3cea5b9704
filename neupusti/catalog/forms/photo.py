"""The forms of photos."""

from flask_babel import lazy_gettext as _

from neupusti.catalog.forms.fields import LONGEST_WORDS
from neupusti.catalog.service.photos import LARGEST, Alts
from neupusti.core import pictures
from neupusti.core.forms.base import Form
from neupusti.core.forms.fields import File, TextLine
from neupusti.core.text.languages import Language


class AltForm(Form):
    """What a photo shows, in words of each language."""

    def alts(self) -> Alts:
        """Return the words."""
        return Alts(
            **{f"alt_{language}": self[f"alt_{language}"].data for language in Language}
        )


class PhotoForm(AltForm):
    """A new photo of a product."""

    photo = File(
        _("Photo"),
        clause="",
        empty=pictures.EMPTY,
        accept=pictures.ACCEPT,
        hint=_(
            "A JPEG, PNG or WebP of at most %(number)s MB and 25 million pixels; where and "
            "when it was taken is removed",
            number=LARGEST // pictures.MEGABYTE,
        ),
    )


def _alt(language: Language) -> TextLine:
    return TextLine(
        _("What it shows: %(language)s", language=language.own_name),
        empty=_("Say in words what it shows: %(language)s.", language=language.own_name),
        longest=LONGEST_WORDS,
        render_kw={"lang": language.value},
    )


for _language in Language:
    setattr(AltForm, f"alt_{_language}", _alt(_language))

"""Answers that staff begin with, in the language of the request; they finish the words."""

from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _

from neupusti.core.text.languages import Language, force_language

HELLO = _("Hello!")
REPLIES: dict[str, tuple[LazyString, LazyString]] = {
    "way": (
        _("Where the order is"),
        _(
            "Your order has left us. You can follow it on its page, by the link of our "
            "last e-mail about it. If it does not come by the day named there, write to us "
            "here: we shall ask the courier."
        ),
    ),
    "return": (
        _("How to return goods"),
        _(
            "Open the page of your order and press “Return goods”: there we answer what "
            "comes next. What the law lets you return, and until when, stands beside each "
            "of the goods."
        ),
    ),
    "fault": (
        _("A fault of the site"),
        _(
            "Thank you for telling us. We have passed it on to those who look after the "
            "site, and shall write here when it is mended."
        ),
    ),
}


def reply(key: str, language: Language) -> str:
    """Return the words of a reply in `language`; an empty text for none of ours."""
    if key not in REPLIES:
        return ""
    with force_language(language), force_locale(language.locale):
        return f"{HELLO}\n\n{REPLIES[key][1]}\n"

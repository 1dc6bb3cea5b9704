"""Light or dark theme: the system's setting, or a choice stored in a cookie."""

from enum import StrEnum

from flask_babel import lazy_gettext as _

from neupusti.core.feature import CONSENT_LIFETIME, Category, Cookie
from neupusti.core.web import cookies

THEME = Cookie(
    name="theme",
    category=Category.PREFERENCES,
    purpose=_("Keeps the light or dark look you chose by hand."),
    lifetime=CONSENT_LIFETIME,
)


class Theme(StrEnum):
    """The colour theme; `auto` follows the system and needs no cookie."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"

    @property
    def color_scheme(self) -> str:
        """The value of `<meta name="color-scheme">`."""
        return "light dark" if self is Theme.AUTO else self.value


def current() -> Theme:
    """Return the theme of this request."""
    value = cookies.value_of(THEME)
    return Theme(value) if value in {Theme.LIGHT, Theme.DARK} else Theme.AUTO

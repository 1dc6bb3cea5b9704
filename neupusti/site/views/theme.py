"""The theme form in the footer: light, dark or as the system."""

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core.security import origin
from neupusti.core.web import choice, cookies, redirects
from neupusti.core.web.errors import DomainError
from neupusti.core.web.theme import THEME, Theme
from neupusti.site.views.blueprint import bp


class UnknownThemeError(DomainError):
    """The form contains a value that our form does not send."""


@bp.post("/theme/")
@origin.same_origin_only
def choose_theme() -> Response:
    """Store the chosen theme; without consent to its cookie, redirect to ask for it."""
    try:
        wanted = Theme(request.form.get("theme", ""))
    except ValueError:
        raise UnknownThemeError(_("There is no such look.")) from None
    back = redirects.back(request.script_root + "/")
    response = redirect(back, 303)
    if wanted is Theme.AUTO:
        cookies.drop(response, THEME)
    elif choice.current().allows(THEME.category):
        cookies.put(response, THEME, wanted)
    else:
        response = redirect(url_for("consent.show", why="theme", next=back), 303)
    return response

"""Light or dark, chosen by hand in the footer."""

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core.security import origin
from neupusti.core.web import choice, cookies, redirects
from neupusti.core.web.errors import DomainError
from neupusti.core.web.theme import THEME, Theme
from neupusti.site.views.blueprint import bp


class UnknownThemeError(DomainError):
    """The form holds what ours does not send."""


@bp.post("/theme/")
@origin.guarded
def choose_theme() -> Response:
    """Keep the look the visitor chose; without their yes to that, ask for it."""
    try:
        wanted = Theme(request.form.get("theme", ""))
    except ValueError:
        raise UnknownThemeError(_("There is no such look.")) from None
    back = redirects.back(request.script_root + "/")
    answer = redirect(back, 303)
    if wanted is Theme.AUTO:
        cookies.drop(answer, THEME)
    elif choice.current().allows(THEME.category):
        cookies.put(answer, THEME, wanted)
    else:
        answer = redirect(url_for("consent.show", why="theme", next=back), 303)
    return answer

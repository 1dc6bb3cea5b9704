"""I do not agree: consents end, the browser forgets the site, and the way out is shown."""

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from neupusti.consent.views import choosing
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import identity
from neupusti.rights.service import disagreeing
from neupusti.rights.views.blueprint import bp


@bp.get("/policy/disagree/")
def disagree() -> Response:
    """Say what the button does."""
    return _page(ConfirmForm())


@bp.post("/policy/disagree/")
def refuse() -> Response:
    """Withdraw what this person and this browser have agreed to, and erase its cookies.

    The session ends as well: whoever disagrees leaves nothing behind in this browser.
    """
    if not (form := ConfirmForm()).validate():
        return _page(form)
    if (who := identity.current()) is not None:
        disagreeing.withdraw_all(who.person)
    return choosing.erase(url_for("rights.disagreed"))


@bp.get("/policy/disagreed/")
def disagreed() -> Response:
    """Say what has ended, what still stands, and how the data are destroyed."""
    return make_response(render_template("rights/disagreed.html"))


def _page(form: ConfirmForm) -> Response:
    return shown("rights/disagree.html", form, who=identity.current())

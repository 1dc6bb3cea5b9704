"""The consents of the account with their exact texts, and withdrawing them (6.1.1)."""

from flask import abort, make_response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.service import consents as service
from neupusti.accounts.views.blueprint import bp, done_message, redirect_to
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.records import consents as consent_records
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination

FORMS = {"registration": _("Registration"), "order": _("Placing an order")}
"""The form in which a consent was given -> its label."""
METHODS = {
    "box ticked": _("a box was ticked"),
    service.METHOD: _("a button was pressed"),
}


@bp.get("/account/consents")
def consents() -> Response:
    """Show the consent records of the person, the newest first."""
    page = render_template(
        "accounts/consents.html",
        rows=consent_records.of_person(identity.me().person),
        forms=FORMS,
        methods=METHODS,
        languages={language.value: language for language in Language},
        account=Purpose.ACCOUNT.value,
        form=ConfirmForm(),
        done=done_message(),
    )
    return make_response(page)


@bp.post("/account/consents")
def withdraw() -> Response:
    """Withdraw one consent with a single click."""
    number = pagination.whole(request.form.get("consent"))
    if number is None or not service.withdraw(identity.me().person, number):
        abort(404)
    return redirect_to("consents", done="withdrawn")

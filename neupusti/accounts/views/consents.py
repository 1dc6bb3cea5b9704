"""What the owner of the account agreed to, in which words, and taking it back (6.1.1)."""

from flask import abort, make_response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.service import consents as rules
from neupusti.accounts.views.blueprint import bp, done, to
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.records import consents as evidence
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination

FORMS = {"registration": _("Registration")}
METHODS = {
    "box ticked": _("a box was ticked"),
    rules.METHOD: _("a button was pressed"),
}


@bp.get("/account/consents")
def consents() -> Response:
    """Show every consent of the person with its proof, the newest first."""
    page = render_template(
        "accounts/consents.html",
        rows=evidence.of_person(identity.me().person),
        forms=FORMS,
        methods=METHODS,
        languages={language.value: language for language in Language},
        account=Purpose.ACCOUNT.value,
        form=ConfirmForm(),
        done=done(),
    )
    return make_response(page)


@bp.post("/account/consents")
def withdraw() -> Response:
    """Withdraw one consent: a single press, as easy as giving it was."""
    number = pagination.whole(request.form.get("consent"))
    if number is None or not rules.withdraw(identity.me().person, number):
        abort(404)
    return to("consents", done="withdrawn")

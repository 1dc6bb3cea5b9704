"""The consents of the account with their exact texts, and withdrawing them (6.1.1)."""

from flask import abort, request
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.service import consents as service
from neupusti.accounts.views.blueprint import bp, done_message, redirect_to
from neupusti.accounts.views.registration import given_consent
from neupusti.config.settings import settings
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import shown
from neupusti.core.records import consents as consent_records
from neupusti.core.registry import registry
from neupusti.core.rules import Who
from neupusti.core.security import identity
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination

FORMS = {
    "registration": lazy_gettext("Registration"),
    "order": lazy_gettext("Placing an order"),
    "account": lazy_gettext("My consents"),
    "contact": lazy_gettext("Ask a question"),
    "newsletter": lazy_gettext("News by e-mail"),
}
METHODS = {
    "box ticked": lazy_gettext("a box was ticked"),
    service.METHOD: lazy_gettext("a button was pressed"),
    "link in an e-mail, button pressed": lazy_gettext(
        "a link in an e-mail was opened and a button pressed"
    ),
    "one click in the e-mail": lazy_gettext("one press in the e-mail itself"),
    "the account has another address": lazy_gettext("the account got another e-mail"),
}
STILL_OPEN = frozenset(
    {
        *("accounts.consent_again", "accounts.withdraw", "accounts.end_sessions"),
        *("accounts.reauthenticate", "accounts.password", "accounts.switch_off"),
    }
)
"""What an account does after its consent was withdrawn: it ends or protects something."""


@bp.before_request
def _accept_no_new_data() -> None:
    """Refuse forms of an account whose consent is withdrawn, except to end something."""
    me = identity.current() if request.method == "POST" else None
    rule = registry().access.get(request.endpoint or "")
    if me is None or rule is None or rule.who is not Who.OWNER:
        return
    removes = request.endpoint == "accounts.change_avatar" and (
        request.form.get("choice") == "remove"
    )
    if not (request.endpoint in STILL_OPEN or removes):
        consent_records.check_open(me.person)


@bp.get("/account/consents")
def consents() -> Response:
    """Show the consent records of the person, the newest first."""
    return _page(_form())


@bp.post("/account/consents")
def withdraw() -> Response:
    """Withdraw one consent with a single click."""
    number = pagination.whole(request.form.get("consent"))
    if number is None or not service.withdraw(identity.me().person, number):
        abort(404)
    return redirect_to("consents", done="withdrawn")


@bp.post("/account/consents/again")
def consent_again() -> Response:
    """Agree to the account again, in the words of today."""
    form = _form()
    if not form.validate():
        return _page(form)
    given = given_consent(form.consent, forms.ACCOUNT, form="account")
    service.give(identity.me().person, given)
    return redirect_to("consents", done="agreed")


def _form() -> forms.ConsentAgainForm:
    form = forms.ConsentAgainForm()
    form.consent.ask(forms.ACCOUNT, settings().operator)
    return form


def _page(form: forms.ConsentAgainForm) -> Response:
    person = identity.me().person
    return shown(
        "accounts/consents.html",
        form,
        rows=consent_records.of_person(person),
        forms=FORMS,
        methods=METHODS,
        languages={language.value: language for language in Language},
        account=Purpose.ACCOUNT.value,
        closed=consent_records.is_closed(person),
        needed=registry().needs_data(person),
        done=done_message(),
    )

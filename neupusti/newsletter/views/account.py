"""The subscription of who is signed in: their address is proved, so nothing is emailed."""

from flask import request
from werkzeug.wrappers import Response

from neupusti.accounts.views.registration import given_consent
from neupusti.config.settings import settings
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import shown
from neupusti.core.records.consents import ConsentWithdrawnError
from neupusti.core.security import identity
from neupusti.newsletter import forms
from neupusti.newsletter.service import choices, ending, labels, statements
from neupusti.newsletter.service.signup import Wish
from neupusti.newsletter.views.blueprint import back, bp, chosen_topics
from neupusti.newsletter.views.signup import FORM


@bp.get("/account/newsletter")
def mine() -> Response:
    """Show what the account is subscribed to."""
    form = _asking(forms.AccountForm(formdata=None))
    subscriber = choices.of_person(identity.me().person)
    form.consent.data = subscriber is not None
    form.advertising.data = subscriber is not None and subscriber.ad_consent is not None
    return _page(form)


@bp.post("/account/newsletter")
def save_mine() -> Response:
    """Begin, change or end the subscription."""
    person = identity.me().person
    if request.form.get("press") == "end":
        ending.of_person(person, method=ending.BUTTON)
        return back("mine", done="ended")
    form = _asking(forms.AccountForm())
    if not form.validate():
        return _page(form)
    given = {Purpose.NEWS: given_consent(form.consent, statements.NEWS, form=FORM)}
    if form.advertising.data:
        advert = given_consent(form.advertising, statements.ADVERTISING, form=FORM)
        given[Purpose.ADVERTISING] = advert
    wish = Wish(topics=chosen_topics(), advertising=bool(form.advertising.data))
    try:
        choices.change_account(person, wish, given)
    except ConsentWithdrawnError as error:
        form.refuse("consent", str(error.message))
        return _page(form)
    return back("mine", done="saved")


def _asking(form: forms.AccountForm) -> forms.AccountForm:
    form.consent.ask(statements.NEWS, settings().operator)
    form.advertising.ask(statements.ADVERTISING, settings().operator)
    return form


def _page(form: forms.AccountForm) -> Response:
    subscriber = choices.of_person(identity.me().person)
    chosen = choices.topics_of(subscriber) if subscriber else ()
    return shown(
        "newsletter/account.html",
        form,
        subscriber=subscriber,
        topics=labels.TOPICS,
        chosen=request.form.getlist("topic") if form.is_submitted() else chosen,
        done=request.args.get("done", ""),
    )

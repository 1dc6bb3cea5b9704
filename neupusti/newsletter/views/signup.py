"""Subscribing: the form, the email that asks, and the press that confirms (4.1.9)."""

import time
from dataclasses import replace

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import network, pad_response_time, without_referrer
from neupusti.accounts.views.registration import given_consent
from neupusti.config.settings import settings
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form, shown
from neupusti.core.text import languages
from neupusti.newsletter import forms
from neupusti.newsletter.models import Subscriber
from neupusti.newsletter.service import labels, signup, statements
from neupusti.newsletter.service.signup import Consents, Wish
from neupusti.newsletter.views.blueprint import back, bp, chosen_topics

FORM = "newsletter"
METHOD = "link in an e-mail, button pressed"


@bp.get("/newsletter/")
def show() -> Response:
    """Show the form."""
    return _page(_asking(forms.SignUpForm(formdata=None)))


@bp.post("/newsletter/")
def sign_up() -> Response:
    """Ask the address to confirm; the answer is the same for every address."""
    started = time.monotonic()
    form = _asking(forms.SignUpForm())
    if not form.validate():
        return _page(form)
    wish = Wish(topics=chosen_topics(), advertising=bool(form.advertising.data))
    signup.ask(form.email.data, wish, languages.current(), network())
    pad_response_time(started)
    return back("sent")


@bp.get("/newsletter/sent")
def sent() -> Response:
    """Say that an email was sent."""
    return make_response(render_template("newsletter/sent.html"))


@bp.get("/newsletter/confirm/<token>")
def ask_to_confirm(token: str) -> Response:
    """Show the texts and one button: scanners of emails follow links, so a GET acts not."""
    form = _asking(forms.ConfirmForm(formdata=None))
    return _confirm_page(token, form, signup.asked(token))


@bp.post("/newsletter/confirm/<token>")
def confirm(token: str) -> Response:
    """Begin the subscription."""
    subscriber = signup.asked(token)
    form = _asking(forms.ConfirmForm())
    if not form.validate():
        return _confirm_page(token, form, subscriber)
    # Only what was shown: somebody may have asked for this address once more meanwhile.
    agreed = subscriber.advertising and bool(form["advertising"].data)
    signup.confirm(token, _given(form, advertising=agreed))
    return back("confirmed")


@bp.get("/newsletter/confirmed")
def confirmed() -> Response:
    """Say that the subscription has begun."""
    return make_response(render_template("newsletter/confirmed.html"))


def _asking(form: Form) -> Form:
    form["consent"].ask(statements.NEWS, settings().operator)
    form["advertising"].ask(statements.ADVERTISING, settings().operator)
    return form


def _given(form: Form, *, advertising: bool) -> Consents:
    news = given_consent(form["consent"], statements.NEWS, form=FORM)
    given = {Purpose.NEWS: replace(news, method=METHOD)}
    if advertising:
        wanted = given_consent(form["advertising"], statements.ADVERTISING, form=FORM)
        given[Purpose.ADVERTISING] = replace(wanted, method=METHOD)
    return given


def _page(form: Form) -> Response:
    return shown(
        "newsletter/show.html",
        form,
        topics=labels.TOPICS,
        chosen=request.form.getlist("topic"),
    )


def _confirm_page(token: str, form: Form, subscriber: Subscriber) -> Response:
    page = shown(
        "newsletter/confirm.html",
        form,
        token=token,
        advertising=subscriber.advertising,
    )
    return without_referrer(page)

"""Unsubscribing and changing what one gets, by the link in every email (RFC 8058)."""

from flask import Response as Empty
from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.accounts.views.registration import given_consent
from neupusti.config.settings import settings
from neupusti.core.forms.base import shown
from neupusti.core.security import origin
from neupusti.newsletter import forms
from neupusti.newsletter.service import choices, ending, labels, statements
from neupusti.newsletter.service.signup import Wish
from neupusti.newsletter.views.blueprint import back, bp, chosen_topics
from neupusti.newsletter.views.signup import FORM


@bp.get("/newsletter/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Show a button; the page is the same for a link that is wrong."""
    page = render_template("newsletter/unsubscribe.html", token=token)
    return without_referrer(make_response(page))


@bp.post("/newsletter/unsubscribe/<token>")
@origin.from_any_origin
def end(token: str) -> Response:
    """End a subscription; nobody but its subscriber and their mail program has the link.

    A mail program gets an empty answer, without cookie and redirect, whatever it sent and
    also where the link is wrong (RFC 8058, 3.1). So its body is not even read.
    """
    pressed = request.args.get("press") == "page"
    ending.by_link(token, method=ending.BUTTON if pressed else ending.ONE_CLICK)
    return back("unsubscribed") if pressed else Empty(status=200, mimetype="text/plain")


@bp.get("/newsletter/unsubscribed")
def unsubscribed() -> Response:
    """Say that no more news come."""
    return make_response(render_template("newsletter/unsubscribed.html"))


@bp.get("/newsletter/choices/<token>")
def choose(token: str) -> Response:
    """Show the topics of a subscriber, and advertising."""
    return _page(token, _asking(forms.ChoicesForm(formdata=None)))


@bp.post("/newsletter/choices/<token>")
def save_choices(token: str) -> Response:
    """Save topics and advertising."""
    form = _asking(forms.ChoicesForm())
    if not form.validate():
        return _page(token, form)
    agreed = bool(form.advertising.data)
    given = given_consent(form.advertising, statements.ADVERTISING, form=FORM)
    wish = Wish(topics=chosen_topics(), advertising=agreed)
    choices.change(token, wish, given if agreed else None)
    return without_referrer(back("choose", token=token, done="saved"))


def _asking(form: forms.ChoicesForm) -> forms.ChoicesForm:
    form.advertising.ask(statements.ADVERTISING, settings().operator)
    return form


def _page(token: str, form: forms.ChoicesForm) -> Response:
    subscriber = choices.of_link(token)
    if subscriber is None:
        return back("show")
    if request.method == "GET":
        form.advertising.data = subscriber.ad_consent is not None
    page = shown(
        "newsletter/choices.html",
        form,
        token=token,
        topics=labels.TOPICS,
        chosen=choices.topics_of(subscriber),
        done=request.args.get("done") == "saved",
    )
    return without_referrer(page)

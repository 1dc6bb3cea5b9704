"""Registration, and confirming the address."""

import time

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.service import registration
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.people import Applicant
from neupusti.accounts.views.blueprint import (
    bp,
    client_context,
    confirmation_page,
    network,
    pad_response_time,
    redirect_to,
)
from neupusti.config.settings import settings
from neupusti.core.forms.base import shown
from neupusti.core.forms.consent import Consent, Statement
from neupusti.core.records.consents import GivenConsent
from neupusti.core.security import identity
from neupusti.core.text import languages
from neupusti.policy.service.edition_store import current_store


@bp.route("/account/register", methods=["GET", "POST"])
def register() -> Response:
    """Register; the response does not depend on who has the address.

    With the field `prefill` the form only shows what another page has filled in.
    """
    started = time.monotonic()
    form = forms.RegistrationForm()
    form.consent.ask(forms.ACCOUNT, settings().operator)
    form.newsletter.ask(forms.NEWS, settings().operator)
    if "prefill" not in request.form and form.validate_on_submit():
        consents = [given_consent(form.consent, forms.ACCOUNT, form="registration")]
        if form.newsletter.data:
            consents.append(given_consent(form.newsletter, forms.NEWS, form="registration"))
        try:
            registration.register(
                _applicant(form),
                form.password.data,
                consents,
                (client_context().device, network()),
            )
        except AccountError as error:
            form.refuse(error.field, str(error.message))
        else:
            pad_response_time(started)
            return redirect_to("registered")
    return shown("accounts/register.html", form, min_length=settings().password_min)


@bp.get("/account/register/sent")
def registered() -> Response:
    """Show that an e-mail was sent."""
    return make_response(render_template("accounts/sent.html", reset=False))


@bp.get("/account/confirm/<token>")
def confirm(token: str) -> Response:
    """Ask to confirm the account of a link."""
    return confirmation_page(
        "accounts/confirm.html", token, person=registration.person_by_token(token)
    )


@bp.post("/account/confirm/<token>")
def confirm_account(token: str) -> Response:
    """Confirm the address, or destroy an account that somebody else registered."""
    if request.form.get("choice") == "decline":
        registration.decline(token)
        return redirect_to("login", done="declined")
    registration.confirm(token, client_context().device)
    if identity.current() is not None:
        return redirect_to("overview", done="confirmed-other")
    return redirect_to("login", done="confirmed")


def _applicant(form: forms.RegistrationForm) -> Applicant:
    return Applicant(
        family_name=form.family_name.data,
        given_name=form.given_name.data,
        patronymic=form.patronymic.data,
        email=form.email.data,
        phone=form.phone.data or None,
        language=languages.current(),
    )


def given_consent(box: Consent, statement: Statement, *, form: str) -> GivenConsent:
    """Return the consent of a ticked box, as it is stored."""
    return GivenConsent(
        form=form,
        purpose=statement.purpose,
        text=box.text,
        language=languages.current(),
        edition=current_store().in_force(),
    )

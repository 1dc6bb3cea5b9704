"""Two-step verification: set up, recovery codes, switch off."""

from io import BytesIO

import segno
from flask import Response as FileResponse
from flask import abort, make_response, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import factor_removal, second_factor
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.signing_in import WRONG_CODE
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import bp, client_context, done_message, redirect_to
from neupusti.core.data.database import db
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import grants, identity
from neupusti.core.security.identity import Identity
from neupusti.core.web.errors import DomainError


class StaffNeedsSecondFactorError(DomainError):
    """A member of staff may not switch two-step verification off."""

    status = 403


@bp.get("/account/two-factor")
def two_factor() -> Response:
    """Show how to set two-step verification up, or that it is on."""
    person = identity.me()
    if person.has_second_factor:
        codes = len(second_factor.codes(person.person))
        page = render_template(
            "accounts/second_factor_on.html",
            form=ConfirmForm(),
            codes=codes,
            required=grants.is_staff(person.person),
            done=done_message(),
        )
        return make_response(page)
    return _set_up_page(forms.AppCodeForm(), person)


@bp.post("/account/two-factor")
def confirm_factor() -> Response:
    """Switch two-step verification on by the first code of the app."""
    person = identity.me()
    form = forms.AppCodeForm()
    if person.has_second_factor:
        return redirect_to("two_factor")
    if form.validate():
        try:
            key = second_factor.confirm(
                person.person, person.session, form.code.data, client_context().device
            )
        except AccountError:  # the session has ended meanwhile
            return redirect_to("two_factor")
        if key is not None:
            login.renew(key)
            return redirect_to("recovery_codes", done="factor-on")
        form.refuse("code", str(WRONG_CODE))
    return _set_up_page(form, person)


@bp.get("/account/two-factor/qr.svg")
def picture() -> FileResponse:
    """Send the QR code as a file, since the CSP allows no `data:`."""
    person = identity.me()
    if person.has_second_factor:
        abort(404)
    owner = db.session.get_one(Person, person.person)
    row = second_factor.candidate(person.person, person.session)
    svg = BytesIO()
    segno.make(second_factor.provisioning_uri(row, owner), micro=False).save(
        svg, kind="svg", scale=5, border=4, light="#fff", dark="#000", xmldecl=False
    )
    return FileResponse(svg.getvalue(), mimetype="image/svg+xml")


@bp.get("/account/two-factor/codes")
def recovery_codes() -> Response:
    """Show the unused recovery codes."""
    person = identity.me()
    if not person.has_second_factor:
        return redirect_to("two_factor")
    codes = second_factor.codes(person.person)
    page = render_template(
        "accounts/recovery_codes.html", codes=codes, form=ConfirmForm(), done=done_message()
    )
    return make_response(page)


@bp.post("/account/two-factor/codes")
def new_codes() -> Response:
    """Create new recovery codes; the old ones become invalid."""
    person = identity.me()
    if person.has_second_factor:
        device = client_context().device
        try:
            second_factor.new_codes(person.person, person.session, device)
        except AccountError:  # the session has ended meanwhile
            return redirect_to("recovery_codes")
    return redirect_to("recovery_codes", done="codes")


@bp.post("/account/two-factor/off")
def switch_off() -> Response:
    """Switch two-step verification off; staff may not."""
    person = identity.me()
    if grants.is_staff(person.person):
        raise StaffNeedsSecondFactorError(
            _("Members of staff use two-step verification. It cannot be turned off.")
        )
    if person.has_second_factor:
        device = client_context().device
        try:
            factor_removal.switch_off(person.person, person.session, device)
        except AccountError:  # the session has ended meanwhile
            return redirect_to("two_factor")
    return redirect_to("two_factor", done="factor-off")


def _set_up_page(form: forms.AppCodeForm, person: Identity) -> Response:
    secret = second_factor.secret(second_factor.candidate(person.person, person.session))
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return shown(
        "accounts/second_factor.html",
        form,
        secret=groups,
        required=grants.is_staff(person.person),
        done=done_message(),
    )

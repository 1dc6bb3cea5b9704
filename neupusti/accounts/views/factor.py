"""Setting up the second step, its recovery codes, switching it off."""

from io import BytesIO

import segno
from flask import Response as FileResponse
from flask import abort, make_response, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import second_factor
from neupusti.accounts.service.signing_in import WRONG_CODE
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import bp, client_context, done, to
from neupusti.core.data.database import db
from neupusti.core.forms.base import ConfirmForm, shown
from neupusti.core.security import grants, identity
from neupusti.core.security.identity import Identity
from neupusti.core.web.errors import DomainError


class StaffNeedsFactorError(DomainError):
    """A member of staff wants to do without a second step."""

    status = 403


@bp.get("/account/two-factor")
def two_factor() -> Response:
    """Show how to set the second step up, or that it is on."""
    person = identity.me()
    if person.has_factor:
        codes = len(second_factor.codes(person.person))
        page = render_template(
            "accounts/factor_on.html",
            form=ConfirmForm(),
            codes=codes,
            needed=grants.is_staff(person.person),
            done=done(),
        )
        return make_response(page)
    return _set_up(forms.AppCodeForm(), person)


@bp.post("/account/two-factor")
def confirm_factor() -> Response:
    """Switch the second step on by the first code of the app."""
    person = identity.me()
    form = forms.AppCodeForm()
    if person.has_factor:
        return to("two_factor")
    if form.validate():
        key = second_factor.confirm(
            person.person, person.session, form.code.data, client_context().device
        )
        if key is not None:
            login.renew(key)
            return to("recovery_codes")
        form.refuse("code", str(WRONG_CODE))
    return _set_up(form, person)


@bp.get("/account/two-factor/qr.svg")
def picture() -> FileResponse:
    """Send the picture an app photographs: a file, since our pages allow no `data:`."""
    person = identity.me()
    if person.has_factor:
        abort(404)
    owner = db.session.get_one(Person, person.person)
    row = second_factor.proposed(person.person, person.session)
    drawn = BytesIO()
    segno.make(second_factor.address(row, owner), micro=False).save(
        drawn, kind="svg", scale=5, border=4, light="#fff", dark="#000", xmldecl=False
    )
    return FileResponse(drawn.getvalue(), mimetype="image/svg+xml")


@bp.get("/account/two-factor/codes")
def recovery_codes() -> Response:
    """Show the recovery codes that were not used."""
    person = identity.me()
    if not person.has_factor:
        return to("two_factor")
    codes = second_factor.codes(person.person)
    page = render_template(
        "accounts/codes.html", codes=codes, form=ConfirmForm(), done=done()
    )
    return make_response(page)


@bp.post("/account/two-factor/codes")
def new_codes() -> Response:
    """Make new recovery codes; the old ones open nothing any more."""
    person = identity.me()
    if person.has_factor:
        second_factor.new_codes(person.person, client_context().device)
    return to("recovery_codes", done="codes")


@bp.post("/account/two-factor/off")
def switch_off() -> Response:
    """Do without the second step: staff may not."""
    person = identity.me()
    if grants.is_staff(person.person):
        raise StaffNeedsFactorError(
            _("Members of staff sign in with a second step. It cannot be switched off.")
        )
    if person.has_factor:
        second_factor.switch_off(person.person, client_context().device)
    return to("two_factor", done="factor-off")


def _set_up(form: forms.AppCodeForm, person: Identity) -> Response:
    secret = second_factor.secret(second_factor.proposed(person.person, person.session))
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return shown(
        "accounts/factor.html",
        form,
        secret=groups,
        needed=grants.is_staff(person.person),
        done=done(),
    )

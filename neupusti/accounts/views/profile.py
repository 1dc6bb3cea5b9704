"""The personal details of the account (4.1.2, 4.1.5)."""

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import addresses, avatar, profile
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.profile import Details
from neupusti.accounts.service.signing_in import check_password
from neupusti.accounts.views.blueprint import bp, client_context, done_message, redirect_to
from neupusti.core.data.database import db
from neupusti.core.forms.base import Form, shown
from neupusti.core.security import identity
from neupusti.core.text import phones


@bp.get("/account/profile", endpoint="profile")
def show() -> Response:
    """Show the personal details."""
    return page()


@bp.post("/account/profile")
def change_profile() -> Response:
    """Save the details; changing the phone needs the password (V7.5.1)."""
    form = forms.ProfileForm()
    if not form.validate():
        return page(form)
    details = Details(
        family_name=form.family_name.data,
        given_name=form.given_name.data,
        patronymic=form.patronymic.data,
        phone=form.phone.data or None,
        language=form.language.data,
    )
    try:
        _check_step_up(form, details)
    except AccountError as error:
        form.refuse(error.field, str(error.message))
        return page(form)
    profile.change(identity.me().person, details, client_context().device)
    return redirect_to("profile", done="saved")


@bp.post("/account/profile/right")
def still_right() -> Response:
    """Record that the details are still right."""
    profile.confirm(identity.me().person)
    return redirect_to("overview", done="still-right")


def page(
    form: forms.ProfileForm | None = None, picture: forms.AvatarForm | None = None
) -> Response:
    """Render the page; a form with errors keeps the values that were sent."""
    me = identity.me()
    person = db.session.get_one(Person, me.person)
    invalid: Form | None = form or picture
    form = form or forms.ProfileForm(formdata=None, obj=person)
    if not form.errors and person.phone:
        form.phone.data = phones.shown(person.phone)
    return shown(
        "accounts/profile.html",
        invalid or form,
        details=form,
        picture=picture or forms.AvatarForm(formdata=None),
        photo=avatar.get(person.id),
        person=person,
        me=me,
        pending=addresses.pending(person.id),
        done=done_message(),
    )


def _check_step_up(form: forms.ProfileForm, details: Details) -> None:
    """Raise AccountError where a new phone needs the password."""
    me = identity.me()
    person = db.session.get_one(Person, me.person)
    if me.recently_authenticated or details.phone == person.phone:
        return
    if not form.current.data:
        raise AccountError("current", _("To change the phone, enter your password."))
    check_password(me.session, me.person, form.current.data)

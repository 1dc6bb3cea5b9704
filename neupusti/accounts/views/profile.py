"""What the account knows of its owner, and changing it (4.1.2, 4.1.5)."""

from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts import forms
from neupusti.accounts.models import Person
from neupusti.accounts.service import addresses, avatar, profile
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.profile import Details
from neupusti.accounts.service.signing_in import check_password
from neupusti.accounts.views.blueprint import bp, client_context, done, to
from neupusti.core.data.database import db
from neupusti.core.forms.base import Form, shown
from neupusti.core.security import identity
from neupusti.core.text import phones


@bp.get("/account/profile", endpoint="profile")
def show() -> Response:
    """Show what the account knows of its owner."""
    return page()


@bp.post("/account/profile")
def change_profile() -> Response:
    """Keep what the owner says now; another phone takes the password (V7.5.1)."""
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
        _prove(form, details)
    except AccountError as fault:
        form.refuse(fault.field, str(fault.words))
        return page(form)
    profile.change(identity.me().person, details, client_context().device)
    return to("profile", done="saved")


@bp.post("/account/profile/right")
def still_right() -> Response:
    """Note that the details are still right."""
    profile.confirm(identity.me().person)
    return to("overview", done="still-right")


def page(
    form: forms.ProfileForm | None = None, picture: forms.AvatarForm | None = None
) -> Response:
    """Answer with the page; a form that holds a mistake stands on it as it was sent."""
    me = identity.me()
    person = db.session.get_one(Person, me.person)
    wrong: Form | None = form or picture
    form = form or forms.ProfileForm(formdata=None, obj=person)
    if not form.errors and person.phone:
        form.phone.data = phones.shown(person.phone)
    return shown(
        "accounts/profile.html",
        wrong or form,
        details=form,
        picture=picture or forms.AvatarForm(formdata=None),
        photo=avatar.of(person.id),
        person=person,
        me=me,
        waiting=addresses.waiting(person.id),
        done=done(),
    )


def _prove(form: forms.ProfileForm, details: Details) -> None:
    """Raise Fault where the phone is another and nobody proved lately who they are."""
    me = identity.me()
    person = db.session.get_one(Person, me.person)
    if me.recently_authenticated or details.phone == person.phone:
        return
    if not form.current.data:
        raise AccountError("current", _("To change the phone, enter your password."))
    check_password(me.person, form.current.data)

"""Members of staff: list, invite, change permissions, end sessions."""

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.service import suspensions
from neupusti.core.data.database import db, writing
from neupusti.core.forms.base import shown
from neupusti.core.rules import Permission
from neupusti.core.security import grants as staff
from neupusti.core.text import languages
from neupusti.core.web.pagination import ROW
from neupusti.staff import queries
from neupusti.staff.forms import ChangePermissionsForm, InviteForm
from neupusti.staff.service import grants, invitations
from neupusti.staff.service.invitations import Invitation
from neupusti.staff.views.blueprint import bp, me

DONE = frozenset({"invited", "changed", "signed-out", "unchanged"})
"""The values of the parameter `done`."""


@bp.get("/staff/")
def members() -> str:
    """Show everybody who holds a permission."""
    done = request.args.get("done", "")
    return render_template(
        "staff/members.html",
        members=queries.members(),
        done=done if done in DONE else "",
    )


@bp.get("/staff/new")
def new_member() -> Response:
    """Ask whom to invite."""
    return shown("staff/invite.html", InviteForm(formdata=None))


@bp.post("/staff/new")
def invite() -> Response:
    """Invite somebody by e-mail."""
    form = InviteForm()
    valid = form.validate()
    if not form.permissions.errors and not form.permissions.chosen:
        form.refuse("permissions", _("Tick at least one."))
    if not valid or form.errors:
        return shown("staff/invite.html", form)
    wanted = Invitation(
        email=str(form.email.data),
        family_name=form.family_name.data or "",
        given_name=str(form.given_name.data),
        permissions=form.permissions.chosen,
        language=languages.current(),
    )
    with writing() as session:
        invitations.invite(session, wanted, by=me())
    return redirect(url_for("staff.members", done="invited"), 303)


@bp.get(f"/staff/{ROW}")
def member(number: int) -> Response:
    """Show one member of staff and the history of their permissions."""
    form = ChangePermissionsForm(formdata=None)
    form.permissions.data = [permission.value for permission in staff.permissions(number)]
    return _member(number, form)


@bp.post(f"/staff/{ROW}")
def change_member(number: int) -> Response:
    """Set the permissions of a member of staff; none ends the membership."""
    form = ChangePermissionsForm()
    if not form.validate():
        return _member(number, form)
    _find(number)
    try:
        with writing() as session:
            reason = str(form.reason.data)
            changed = grants.change(
                session, number, form.permissions.chosen, by=me(), reason=reason
            )
    except grants.LastStaffAdminError:
        form.refuse("permissions", _("Nobody can take “Staff” from themselves."))
        return _member(number, form)
    done = "changed" if changed else "unchanged"
    return redirect(url_for("staff.members", done=done), 303)


@bp.post(f"/staff/{ROW}/sign-outs")
def sign_out_member(number: int) -> Response:
    """End every session of a member of staff."""
    form = ChangePermissionsForm()
    if not form.validate():
        return _member(number, form)
    _find(number)
    with writing() as session:
        grants.sign_out(session, number, by=me(), reason=str(form.reason.data))
    return redirect(url_for("staff.members", done="signed-out"), 303)


@bp.post(f"/staff/{ROW}/invitations")
def invite_again(number: int) -> Response:
    """Send the invitation again; the earlier link is revoked."""
    person = _find(number)
    with writing() as session:
        invitations.send(session, person, by=me())
    return redirect(url_for("staff.members", done="invited"), 303)


def _find(number: int) -> Person:
    person = db.session.get(Person, number) if staff.is_staff(number) else None
    if person is None:
        abort(404)
    return person


def _member(number: int, form: ChangePermissionsForm) -> Response:
    person = _find(number)
    return shown(
        "staff/member.html",
        form,
        person=person,
        has_second_factor=queries.has_second_factor(number),
        grants=queries.grants(number),
        names=queries.names(),
        Permission=Permission,
        suspended=suspensions.in_force(number) is not None,
        own=number == me(),
    )

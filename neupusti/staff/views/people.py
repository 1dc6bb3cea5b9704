"""People: a list with initials, a logged search, pages opened for a reason."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.service import recovery, sessions, suspensions
from neupusti.accounts.service.events import LABELS, SecurityEventKind
from neupusti.config.settings import settings
from neupusti.core.blocking import blocks
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.forms.base import shown
from neupusti.core.records import consents
from neupusti.core.rules import Permission
from neupusti.core.security import authorisation
from neupusti.core.text import emails, phones
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW
from neupusti.staff import queries
from neupusti.staff.forms import OpenPersonForm, SearchForm
from neupusti.staff.queries import AccountState, PeopleOrder
from neupusti.staff.service import access_audit
from neupusti.staff.service.access_audit import PersonAccess
from neupusti.staff.views.blueprint import bp, me

DONE = frozenset({"signed-out", "written"})
"""The values of the parameter `done`."""


@bp.get("/people/")
def people() -> Response:
    """Show the people with initials only; full names need a search with a reason."""
    return _list(
        SearchForm(formdata=None), queries.people(*_state_and_order()), found=False
    )


@bp.post("/people/")
def search() -> Response:
    """Show the people a search finds, and log the search."""
    form = SearchForm()
    if not form.validate():
        return _list(form, queries.people(*_state_and_order()), found=False)
    query = queries.search(str(form.q.data), *_state_and_order())
    listing = pagination.paginate(query, pagination.number(request.form.get("page")))
    access_audit.log_search(listing.total, listing.rows, _access(form))
    return _list(form, query, found=True)


@bp.get(f"/people/{ROW}")
def person(number: int) -> Response:
    """Ask for the reason before the page of a person is opened."""
    _exists(number)
    form = OpenPersonForm(formdata=None)
    form.reason.data = queries.last_reason(number, staff=me())
    done = request.args.get("done", "")
    return shown(
        "staff/person_reason.html", form, number=number, done=done if done in DONE else ""
    )


@bp.post(f"/people/{ROW}")
def open_person(number: int) -> Response | str:
    """Show the data of a person, and log who opened it and why."""
    form = OpenPersonForm()
    if not form.validate():
        _exists(number)
        return shown("staff/person_reason.html", form, number=number, done="")
    if not access_audit.log_access(number, _access(form)):
        abort(404)
    return render_template("staff/person.html", form=form, **_person_context(number))


@bp.post(f"/people/{ROW}/sign-outs")
def sign_out(number: int) -> Response:
    """End every session of a person."""
    return _perform(number, access_audit.sign_out, "signed-out")


@bp.post(f"/people/{ROW}/confirmations")
def resend_confirmation_email(number: int) -> Response:
    """Send the confirmation e-mail again."""
    return _perform(number, access_audit.resend_confirmation, "written")


def initials(person: Person) -> str:
    """Return a name such as `Н. Айгерим`: enough to sort by, not enough to identify."""
    family = f"{person.family_name[:1]}." if person.family_name else ""
    return " ".join(filter(None, (family, person.given_name))) or "–"


def _access(form: SearchForm | OpenPersonForm) -> PersonAccess:
    reason, limit = str(form.reason.data), settings().people_an_hour
    return PersonAccess(staff=me(), reason=reason, limit=limit)


def _perform(number: int, action: Any, done: str) -> Response:
    form = OpenPersonForm()
    if not form.validate():
        _exists(number)
        return shown("staff/person_reason.html", form, number=number, done="")
    if not action(number, staff=me(), reason=str(form.reason.data)):
        abort(404)
    return redirect(url_for("staff.person", number=number, done=done), 303)


def _exists(number: int) -> None:
    blocks.ensure_usable(db.session(), Whose(person=number))
    if db.session.get(Person, number) is None:
        abort(404)


def _state_and_order() -> tuple[AccountState, PeopleOrder]:
    state, order = request.values.get("state", ""), request.values.get("order", "")
    return (
        AccountState(state) if state in set(AccountState) else AccountState.ALL,
        PeopleOrder(order) if order in set(PeopleOrder) else PeopleOrder.NAME,
    )


def _list(form: SearchForm, query: Any, *, found: bool) -> Response:
    state, order = _state_and_order()
    listing = pagination.paginate(query, pagination.number(request.values.get("page")))
    return shown(
        "staff/people.html",
        form,
        found=found,
        listing=listing,
        suspended=suspensions.among(person.id for person in listing.rows),
        address=lambda page: url_for(
            "staff.people", state=state.value, order=order.value, page=page
        ),
        state=state,
        order=order,
        counts=queries.by_state(),
        State=AccountState,
        Order=PeopleOrder,
        initials=initials,
        masked=emails.masked,
        masked_phone=phones.masked,
    )


def _person_context(number: int) -> dict[str, Any]:
    return {
        "person": db.session.get(Person, number),
        "phone": phones.shown,
        "suspensions": suspensions.of(number),
        "suspended": suspensions.in_force(number) is not None,
        "may_suspend": authorisation.may_open("staff.suspend"),
        "has_password": recovery.has_password(number),
        "has_second_factor": queries.has_second_factor(number),
        "sessions": sessions.active(number),
        "consents": consents.of_person(number),
        "events": queries.events(number),
        "grants": queries.grants(number),
        "names": queries.names(),
        "labels": {event.value: LABELS[event] for event in SecurityEventKind},
        "Permission": Permission,
    }

"""The overview of the account, and its sessions."""

import re

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from neupusti.accounts.models import Person
from neupusti.accounts.service import avatar, profile, sessions
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.views import login
from neupusti.accounts.views.blueprint import bp, client_context, done_message, redirect_to
from neupusti.core.data.database import db, writing
from neupusti.core.feature import Place
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.records import journal
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text import phones

NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
OTHERS = "others"
EVERYWHERE = "everywhere"


@bp.get("/account/")
def overview() -> Response:
    """Show the overview of the account."""
    person = identity.me()
    owner = db.session.get_one(Person, person.person)
    page = render_template(
        "accounts/overview.html",
        person=owner,
        me=person,
        pages=registry().pages_in(Place.ACCOUNT),
        needs_review=profile.needs_review(owner),
        photo=avatar.get(owner.id),
        phone=phones.shown(owner.phone) if owner.phone else "",
        form=ConfirmForm(),
        done=done_message(),
    )
    return make_response(page)


@bp.get("/account/sessions")
def sessions_page() -> Response:
    """List the devices that are signed in."""
    person = identity.me()
    rows = sessions.active(person.person)
    page = render_template(
        "accounts/sessions.html",
        rows=rows,
        me=person,
        form=ConfirmForm(),
        done=done_message(),
    )
    return make_response(page)


@bp.post("/account/sessions")
def end_sessions() -> Response:
    """End one session of the person, all others, or all."""
    person = identity.me()
    which = request.form.get("session", "")
    with writing() as session:
        if which in {OTHERS, EVERYWHERE}:
            but = person.session if which == OTHERS else None
            sessions.end_all(session, person.person, but=but)
            journal.log_security_event(
                session,
                person.person,
                SecurityEventKind.SESSIONS_ENDED,
                client_context().device,
            )
        elif NUMBER.fullmatch(which) and sessions.end(session, person.person, int(which)):
            journal.log_security_event(
                session,
                person.person,
                SecurityEventKind.SESSIONS_ENDED,
                client_context().device,
            )
    if which in {EVERYWHERE, str(person.session)}:
        return login.end(redirect_to("login", done="signed-out"))
    return redirect_to("sessions_page", done="ended")

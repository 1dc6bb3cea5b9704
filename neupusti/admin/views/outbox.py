"""The outbox: the state of each e-mail, and its text for a reason."""

from flask import abort, render_template, request, url_for
from werkzeug.wrappers import Response

from neupusti.admin import queries, service
from neupusti.admin.forms import ReasonForm
from neupusti.admin.views import labels
from neupusti.admin.views.blueprint import bp, me
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxState
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW


@bp.get("/mail/")
def mail() -> str:
    """List the e-mails: masked recipient, subject, delivery state."""
    state = request.args.get("state", "")
    kind = request.args.get("kind", "")
    query = queries.emails(state if state in set(OutboxState) else "", kind[:60])
    return render_template(
        "admin/mail.html",
        listing=pagination.paginate(query, pagination.number(request.args.get("page"))),
        address=lambda page: url_for(
            "admin.mail", state=state or None, kind=kind or None, page=page
        ),
        state=state,
        kind=kind,
        states={code.value: label for code, label in labels.STATES.items()},
        kinds={email_type.name: email_type.label for email_type in registry().emails},
        counts=queries.emails_by_state(),
        masked=emails.masked,
        has_mail_server=outbox.service().server is not None,
    )


@bp.get(f"/mail/{ROW}")
def ask_email(number: int) -> Response:
    """Ask for the reason before an e-mail is opened."""
    if queries.email(db.session(), number) is None:
        abort(404)
    return shown("admin/email_reason.html", ReasonForm(formdata=None), number=number)


@bp.post(f"/mail/{ROW}")
def open_email(number: int) -> Response | str:
    """Show one e-mail, and log who opened it and why."""
    form = ReasonForm()
    if not form.validate():
        if queries.email(db.session(), number) is None:
            abort(404)
        return shown("admin/email_reason.html", form, number=number)
    email = service.open_email(number, staff=me(), reason=str(form.reason.data))
    if email is None:
        abort(404)
    return render_template(
        "admin/email.html",
        email=email,
        text=service.readable_text(email),
        state=labels.STATES[OutboxState(email.state)],
        kind=labels.email(email.kind),
    )

"""The emails about rights; their texts are in templates/rights/mail/."""

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core.data.classification import Purpose
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.text.languages import Language
from neupusti.rights.models import DataRequest

LINK = EmailType(
    name="rights.link",
    label=_("The link to your data"),
    purpose=Purpose.FEEDBACK,
    while_blocked=True,
)
NOTHING = EmailType(
    name="rights.nothing",
    label=_("We keep nothing under this address"),
    purpose=Purpose.FEEDBACK,
    while_blocked=True,
)
RECEIVED = EmailType(
    name="rights.received",
    label=_("We have received your request about your data"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
READY = EmailType(
    name="rights.ready",
    label=_("Your data are ready to download"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
ANSWER = EmailType(
    name="rights.answer",
    label=_("The answer to your request about your data"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
FORMER = EmailType(
    name="rights.former",
    label=_("The new e-mail of your account asks for its data"),
    purpose=Purpose.CONFIRMATION,
    while_blocked=True,
)
ALL = (LINK, NOTHING, RECEIVED, READY, ANSWER, FORMER)


def send(session: Session, kind: EmailType, request: DataRequest, **values: Any) -> None:
    """Enqueue an email about a request; none where no address is known."""
    if (to := _recipient(session, request)) is not None:
        values = {"number": request.number, "kind": request.kind, **values}
        values["account"] = request.person is not None
        enqueue(session, kind, to, key=f"{kind.name}:{request.id}", values=values)


def _recipient(session: Session, request: DataRequest) -> Recipient | None:
    """Return the address of the request, else the present one of the account."""
    language = Language(request.language)
    if request.email:
        return Recipient(email=request.email, language=language, person=request.person)
    person = session.get(Person, request.person) if request.person else None
    if person is None:
        return None
    return Recipient(email=person.email, language=language, person=person.id)

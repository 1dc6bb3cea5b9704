"""The emails of requests (4.1.3); their texts are in templates/contact/mail/.

No email that a form causes holds what was typed into it: whoever types another's address
could else write to them in our name.
"""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.contact.models import ContactRequest
from neupusti.contact.service import links
from neupusti.core.data.classification import Purpose
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.text.languages import Language

RECEIVED = EmailType(
    name="contact.received",
    label=_("We have received your question"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
)
ANSWERED = EmailType(
    name="contact.answered",
    label=_("The answer to your question"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
)
ALL = (RECEIVED, ANSWERED)


def send(
    session: Session, kind: EmailType, request: ContactRequest, answer: str = ""
) -> int:
    """Enqueue an email about the newest version of a request; return its token's id."""
    row, token = links.issue_row(session, request.id)
    to = Recipient(
        email=request.email, language=Language(request.language), person=request.person
    )
    values = {"number": request.number, "token": token, "answer": answer}
    # By its number: before 0039 SQLite gave the id of one that was destroyed again.
    key = f"contact:{request.number}:{request.version}"
    enqueue(session, kind, to, key=key, values=values)
    session.flush()
    return row.id

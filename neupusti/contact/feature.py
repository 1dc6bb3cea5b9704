"""The manifest of requests."""

from flask_babel import lazy_gettext as _
from sqlalchemy import null

from neupusti.contact import proofs, queries
from neupusti.contact.forms import SUBJECTS
from neupusti.contact.models import ContactMessage, ContactRequest, RequestState
from neupusti.contact.service import answering
from neupusti.contact.service import emails as contact_emails
from neupusti.contact.views import admin, asking, words
from neupusti.contact.views.blueprint import bp
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import Hold, Holding, IndefiniteRetention, Retention
from neupusti.core.rules import ORDERS, PUBLIC

VIEWS = (admin, asking)
"""Importing a view module registers its routes on the blueprint."""
DAYS = 3 * 366
"""Three years, as a claim out of what was said can be made."""

FEATURE = Feature(
    name="contact",
    clauses=("4.1.3", "4.1.8"),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        **dict.fromkeys(
            (
                *("contact.board", "contact.search", "contact.desk", "contact.take"),
                *("contact.answer", "contact.link_order", "contact.close"),
            ),
            ORDERS,
        ),
        "contact.add": PUBLIC,
        "contact.ask": PUBLIC,
        "contact.form": PUBLIC,
        "contact.open_link": PUBLIC,
        "contact.show": PUBLIC,
    },
    pages=(
        Page(
            endpoint="contact.form",
            label=_("Ask a question"),
            places=frozenset({Place.FOOTER, Place.ACCOUNT}),
        ),
    ),
    emails=contact_emails.ALL,
    staff_actions=answering.ALL,
    admin_menu=(MenuItem(endpoint="contact.board", label=_("Questions")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Questions to answer"),
            open=queries.count_new,
            endpoint="contact.board",
        ),
    ),
    needs_data=queries.open_numbers,
    holds=(
        Hold(
            code="open-question",
            clause="4.1.3",
            law=_("this policy: who asks gets an answer"),
            says=_("A question that nobody has answered yet"),
            model=ContactRequest,
            rows=lambda rows: rows.c.state == RequestState.NEW.value,
            until=lambda _rows: null(),
            whole=True,
        ),
    ),
    codes={
        "contact_request.subject": SUBJECTS,
        "contact_request.state": words.STATES,
        "contact_message.author": {**words.ON_BOARD, **words.AUTHORS},
    },
    holdings=tuple(Holding(model=model) for model in (ContactRequest, ContactMessage)),
    retention=(
        Retention(
            label=_("Your question and our answers"),
            clause="4.1.3",
            start_label=_("from the last message"),
            model=ContactRequest,
            starts_at=ContactRequest.last_at,
            days=DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("The messages of a question"),
            clause="4.1.3",
            until=_("with the question"),
            models=(ContactMessage,),
        ),
    ),
)

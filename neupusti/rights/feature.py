"""The manifest of rights."""

from dataclasses import replace

from flask_babel import lazy_gettext as _
from sqlalchemy import null

from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import (
    Fate,
    Hold,
    Holding,
    IndefiniteRetention,
    Retention,
)
from neupusti.core.rules import OWNER, PASS, PRIVACY, PUBLIC
from neupusti.rights import proofs, queries
from neupusti.rights.models import (
    Correction,
    DataRequest,
    Export,
    RecipientNotice,
    RequestEvent,
    RightsPass,
)
from neupusti.rights.service import answering, exporting, words
from neupusti.rights.service import emails as rights_emails
from neupusti.rights.views import (
    admin,
    agreeing,
    asking,
    cli,
    data,
    disagreeing,
    emergency,
    status,
)
from neupusti.rights.views.blueprint import OWN, bp

VIEWS = (agreeing, asking, disagreeing, emergency, data, status, admin, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
DAYS = 3 * 366
"""Three years, as a claim out of what was answered can be made."""
EXPORT_DAYS = 30
ENTRANCES = (
    *("data", "export", "progress", "download"),
    *("correct", "contest", "request"),
)
"""The pages that a pass and an account have alike."""
TO_USE_RIGHTS = "a request is answered while the data are blocked, as the check itself"
FRESH = replace(OWNER, recently_authenticated=True)

FEATURE = Feature(
    name="rights",
    clauses=("2.2", "5.5", "6.1.2", "6.1.3"),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        **dict.fromkeys(
            (
                *("rights.ask", "rights.send_link", "rights.sent"),
                *("rights.open_link", "rights.open_pass", "rights.close_pass"),
                *("rights.disagree", "rights.refuse", "rights.disagreed"),
                "rights.emergency_over",
                *("rights.open_agreement", "rights.agree", "rights.agreed"),
                *("rights.status", "rights.open_status"),
                *("rights.verify", "rights.recognise"),
            ),
            PUBLIC,
        ),
        **{f"rights.{name}": PASS for name in ENTRANCES},
        **{f"rights.{OWN}{name}": FRESH for name in ENTRANCES},
        **dict.fromkeys(("rights.emergency_page", "rights.declare_emergency"), OWNER),
        **dict.fromkeys(
            (
                *("rights.board", "rights.new", "rights.enter", "rights.desk"),
                *("rights.take", "rights.name_value"),
                *("rights.answer", "rights.tell"),
            ),
            PRIVACY,
        ),
    },
    pages=(
        Page(
            endpoint="rights.ask",
            label=_("Your rights"),
            places=frozenset({Place.FOOTER, Place.ACCOUNT}),
        ),
        Page(
            endpoint="rights.own_data",
            label=_("Your data"),
            places=frozenset({Place.ACCOUNT}),
            listed=False,
        ),
        Page(endpoint="rights.disagree", label=_("I do not agree")),
        Page(
            endpoint="rights.emergency_page",
            label=_("My account was broken into"),
            places=frozenset({Place.ACCOUNT}),
            listed=False,
        ),
        Page(endpoint="rights.own_correct", label=_("Correct your data"), listed=False),
    ),
    emails=rights_emails.ALL,
    staff_actions=answering.ALL,
    jobs=(Job(name="exports", every=exporting.EVERY, run=exporting.run, checks=True),),
    deadlines={queries.KIND: "rights.desk"},
    admin_menu=(MenuItem(endpoint="rights.board", label=_("Requests about data")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Requests about data to answer"),
            open=queries.count_open,
            endpoint="rights.board",
        ),
        Duty(
            clause="6.2.2",
            label=_("Recipients to tell of a correction or a destruction"),
            open=queries.count_untold,
            endpoint="rights.board",
        ),
    ),
    codes={
        "data_block.outcome": words.BLOCK_RESULTS,
        "data_request.kind": words.KINDS,
        "data_request.channel": words.CHANNELS,
        "data_request.outcome": words.OUTCOME_LABELS,
        "request_event.step": words.STEPS,
        "rights_pass.used_for": words.KINDS,
        "export.state": words.STATES,
        **dict.fromkeys(("correction.field", "data_block.field"), words.FIELDS),
        "correction.decision": words.DECISIONS,
    },
    holdings=(
        Holding(model=DataRequest, fate=Fate.COLUMNS, unblocked=TO_USE_RIGHTS),
        Holding(
            model=RequestEvent,
            fate=Fate.EVIDENCE,
            label=_("The steps of your requests"),
            unblocked=TO_USE_RIGHTS,
        ),
        Holding(model=RightsPass, unblocked=TO_USE_RIGHTS),
        Holding(model=Export, unblocked=TO_USE_RIGHTS),
        Holding(
            model=Correction,
            fate=Fate.COLUMNS,
            label=_("What you asked to correct"),
            unblocked=TO_USE_RIGHTS,
        ),
        Holding(
            model=RecipientNotice,
            fate=Fate.EVIDENCE,
            label=_("Recipients told of a correction or a destruction"),
            unblocked=TO_USE_RIGHTS,
        ),
    ),
    retention=(
        Retention(
            label=_("Your request about your data, and our answer"),
            clause="4.1.3",
            start_label=_("from the answer"),
            model=DataRequest,
            starts_at=DataRequest.closed_at,
            days=DAYS,
        ),
        Retention(
            label=_("The address that a link to the data was sent to"),
            clause="4.1.3",
            start_label=_("from the end of the link"),
            model=RightsPass,
            starts_at=RightsPass.ends_at,
            days=1,
        ),
        Retention(
            label=_("That an archive of your data was made; its file goes after 3 days"),
            clause="4.1.2",
            start_label=_("from when it was asked for"),
            model=Export,
            starts_at=Export.asked_at,
            days=EXPORT_DAYS,
        ),
    ),
    holds=(
        Hold(
            code="open-request",
            clause="6.1.2",
            law=_("Law No. 94-V: a request about the Data is answered"),
            says=_("A request about the Data until it is answered"),
            model=DataRequest,
            # One for destruction does not stand against itself.
            rows=lambda rows: rows.c.closed_at.is_(None) & (rows.c.kind != "destroy"),
            until=lambda _rows: null(),
            whole=True,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("The steps of a request, and what was corrected"),
            clause="4.1.3",
            until=_("with the request"),
            models=(RequestEvent, Correction, RecipientNotice),
        ),
    ),
)

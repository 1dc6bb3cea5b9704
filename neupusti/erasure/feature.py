"""The manifest of erasure."""

from dataclasses import replace

from flask_babel import lazy_gettext as _
from sqlalchemy import null, select

from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import Fate, Hold, Holding, IndefiniteRetention
from neupusti.core.records.decisions import Decision
from neupusti.core.rules import OWNER, PASS, PRIVACY, PUBLIC
from neupusti.erasure import proofs, queries
from neupusti.erasure.models import Erasure, ErasureFile, ErasureKept, ErasureStep, State
from neupusti.erasure.service import asking, ending, replaying, running, words
from neupusti.erasure.service import emails as erasure_emails
from neupusti.erasure.views import admin, cli, own
from neupusti.erasure.views.blueprint import bp
from neupusti.rights.models import DataRequest

VIEWS = (own, admin, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
FRESH = replace(OWNER, recently_authenticated=True)
PARTS = {
    Erasure: _("That your data are to be destroyed, and what was done"),
    ErasureStep: _("The steps of a destruction"),
    ErasureFile: _("Files that a destruction takes along"),
    ErasureKept: _("What a law keeps of data that were destroyed"),
}
WAITING = select(Erasure.request).where(Erasure.state == State.WAITING.value)
TO_DESTROY = "without it nobody could have the data destroyed or undo it"

FEATURE = Feature(
    name="erasure",
    clauses=("6.1.1", "6.1.3"),
    blueprint=bp,
    access={
        **dict.fromkeys(("erasure.destroy", "erasure.confirm", "erasure.undo"), PASS),
        **dict.fromkeys(
            ("erasure.own_destroy", "erasure.own_confirm", "erasure.own_undo"), FRESH
        ),
        **dict.fromkeys(("erasure.open_link", "erasure.undo_by_link"), PUBLIC),
        **dict.fromkeys(
            ("erasure.board", "erasure.desk", "erasure.propose", "erasure.second"), PRIVACY
        ),
    },
    pages=(
        Page(
            endpoint="erasure.own_destroy",
            label=_("Delete my data"),
            places=frozenset({Place.ACCOUNT}),
            listed=False,
        ),
    ),
    replays={Decision.ERASED: replaying.again, Decision.UNDONE: ending.end_again},
    proofs=proofs.ALL,
    emails=erasure_emails.ALL,
    staff_actions=asking.ALL,
    jobs=(Job(name="erasures", every=running.EVERY, run=running.run, checks=True),),
    admin_menu=(MenuItem(endpoint="erasure.board", label=_("Destruction of data")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Destructions of data that need a member of staff"),
            open=queries.count_to_act,
            endpoint="erasure.board",
        ),
    ),
    holds=(
        Hold(
            code="waiting-erasure",
            clause="6.1.3",
            law=_("this policy: what a law kept is destroyed once its term ends"),
            says=_("A request for destruction while a law keeps some of the Data"),
            model=DataRequest,
            rows=lambda rows: rows.c.id.in_(WAITING),
            until=lambda _rows: null(),
        ),
    ),
    codes={"erasure.state": words.STATES},
    holdings=tuple(
        Holding(
            model=model,
            label=label,
            fate=Fate.EVIDENCE,
            unblocked=TO_DESTROY,
        )
        for model, label in PARTS.items()
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("That your data are to be destroyed, and what was done"),
            clause="6.1.3",
            until=_("with the request"),
            models=tuple(PARTS),
        ),
    ),
)

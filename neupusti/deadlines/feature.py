"""The manifest of terms."""

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.deadlines.models import CalendarDay, Deadline
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import Fate, Holding, IndefiniteRetention, Retention
from neupusti.core.rules import PRIVACY, PUBLIC
from neupusti.deadlines import proofs, queries
from neupusti.deadlines.service import calendar, reminding
from neupusti.deadlines.views import cli, desk, public
from neupusti.deadlines.views.blueprint import bp

VIEWS = (public, desk, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
DAYS = 3 * 366
"""Three years, as a claim can be made out of an answer that came late."""

FEATURE = Feature(
    name="deadlines",
    clauses=(),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "deadlines.board": PRIVACY,
        "deadlines.days": PRIVACY,
        "deadlines.enter": PRIVACY,
        "deadlines.show": PUBLIC,
    },
    pages=(
        Page(
            endpoint="deadlines.show",
            label=_("How soon we answer"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    admin_menu=(MenuItem(endpoint="deadlines.board", label=_("Deadlines")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Answers that are due today or late"),
            open=queries.count_pressing,
            endpoint="deadlines.board",
        ),
        Duty(
            clause="6.2.1",
            label=_("Days off to look up in the orders of the government"),
            open=calendar.count_open,
            endpoint="deadlines.days",
        ),
    ),
    emails=(reminding.REMINDER,),
    jobs=(Job(name="deadlines", every=reminding.EVERY, run=reminding.run),),
    staff_actions=(calendar.ENTERED,),
    holdings=(Holding(model=CalendarDay, fate=Fate.EVIDENCE),),
    retention=(
        Retention(
            label=_("By when an answer was due, and when it was given"),
            clause="8.3",
            start_label=_("from the answer"),
            model=Deadline,
            starts_at=Deadline.met_at,
            days=DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("Days off that staff have entered, and who did"),
            clause="8.3",
            until=_("as long as a term may have to be proved"),
            models=(CalendarDay,),
        ),
    ),
)

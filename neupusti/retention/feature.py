"""The manifest of the retention feature."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.data.halting import is_halted
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import Holding, IndefiniteRetention, Retention
from neupusti.core.records.decisions import Decision
from neupusti.core.records.holds import PlacedHold
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.rules import PRIVACY, PUBLIC
from neupusti.retention import proofs, queries
from neupusti.retention.models import RetentionRun
from neupusti.retention.service import hourly, placing, replays, stops
from neupusti.retention.views import admin, cli, public
from neupusti.retention.views.blueprint import bp

VIEWS = (public, admin, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
HOLD_DAYS = 3 * 366
"""Three years, as a claim about a destruction or its refusal can be made."""

FEATURE = Feature(
    name="retention",
    clauses=("5.6",),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "retention.terms": PUBLIC,
        **dict.fromkeys(
            (
                *("retention.board", "retention.allow", "retention.holds"),
                *("retention.new_hold", "retention.place_hold", "retention.hold"),
                *("retention.second_hold", "retention.review_hold"),
                "retention.release_hold",
            ),
            PRIVACY,
        ),
    },
    pages=(
        Page(
            endpoint="retention.terms",
            label=_("How long data are kept"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    emails=(stops.STOPPED,),
    staff_actions=(*placing.ALL, stops.ALLOWED),
    admin_menu=(
        MenuItem(endpoint="retention.board", label=_("Terms and destruction")),
        MenuItem(endpoint="retention.holds", label=_("Holds on destruction")),
    ),
    duties=(
        Duty(
            clause="6.2.3",
            label=_("Sweeps that are halted on the server"),
            open=lambda: int(is_halted()),
            endpoint="retention.board",
        ),
        Duty(
            clause="6.2.3",
            label=_("Sweeps that would destroy very much, and ask"),
            open=queries.count_stops,
            endpoint="retention.board",
        ),
        Duty(
            clause="6.2.1",
            label=_("Holds to look at again"),
            open=queries.count_reviews,
            endpoint="retention.holds",
        ),
    ),
    holdings=(
        Holding(
            model=PlacedHold,
            label=_("Holds that were placed on the Data, and why"),
            told=lambda rows: ~rows.c.silent,
            unblocked="a hold outlives a block",
            repeated=True,
        ),
    ),
    retention=(
        Retention(
            label=_("Holds that were placed on the Data, and why"),
            clause="5.1",
            start_label=_("from its release"),
            model=PlacedHold,
            starts_at=PlacedHold.released_at,
            days=HOLD_DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("How many rows were destroyed, and when"),
            clause="5.6",
            until=_("as long as it may have to be proved"),
            models=(RetentionRun, SweepStop),
        ),
    ),
    jobs=(Job(name=queries.JOB, every=timedelta(hours=1), run=hourly.run),),
    replays={
        Decision.HELD: replays.carry_out_held,
        Decision.RELEASED: replays.carry_out_released,
    },
)

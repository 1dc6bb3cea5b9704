"""The manifest of the retention feature."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.feature import Feature, Page, Place
from neupusti.core.keeping import Holding, IndefiniteRetention, Retention
from neupusti.core.records.holds import PlacedHold
from neupusti.core.rules import PUBLIC
from neupusti.retention import proofs
from neupusti.retention.models import RetentionRun
from neupusti.retention.views import bp, sweep

HOLD_DAYS = 3 * 366
"""Three years, as a claim about a destruction or its refusal can be made."""

FEATURE = Feature(
    name="retention",
    clauses=("5.6",),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "retention.terms": PUBLIC,
    },
    pages=(
        Page(
            endpoint="retention.terms",
            label=_("How long data are kept"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    holdings=(Holding(model=PlacedHold),),
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
            models=(RetentionRun,),
        ),
    ),
    jobs=(Job(name="retention", every=timedelta(hours=1), run=sweep),),
)

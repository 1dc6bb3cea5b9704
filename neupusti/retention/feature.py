"""The manifest of the retention feature."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.feature import Feature, Page, Place
from neupusti.core.keeping import IndefiniteRetention
from neupusti.core.rules import PUBLIC
from neupusti.retention import proofs
from neupusti.retention.models import RetentionRun
from neupusti.retention.views import bp, sweep

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

"""The manifest of the retention room."""

from datetime import timedelta

from neupusti.core.background import Job
from neupusti.core.feature import Feature
from neupusti.retention.views import bp, sweep

FEATURE = Feature(
    name="retention",
    clauses=(),
    blueprint=bp,
    jobs=(Job(name="retention", every=timedelta(hours=1), run=sweep),),
)

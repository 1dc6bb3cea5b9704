"""The manifest of the backup feature."""

from datetime import timedelta

from neupusti.backup import proofs
from neupusti.backup.service import accepting, replaying
from neupusti.backup.views import backups, decisions
from neupusti.backup.views.blueprint import bp
from neupusti.core.background import Job
from neupusti.core.feature import Feature

VIEWS = (backups, decisions)
"""Importing a views module registers its commands."""

FEATURE = Feature(
    name="backup",
    clauses=("5.4", "6.1.3"),
    blueprint=bp,
    proofs=proofs.ALL,
    staff_actions=(accepting.ACCEPT,),
    jobs=(
        Job(
            name="decisions",
            every=timedelta(minutes=1),
            run=replaying.finish_interrupted,
        ),
    ),
)

"""The manifest of the backup feature."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.backup import proofs
from neupusti.backup.service import accepting, naming, replaying, restoring
from neupusti.backup.views import backups, decisions
from neupusti.backup.views.blueprint import bp
from neupusti.config.settings import settings
from neupusti.core.background import Job, Scope
from neupusti.core.feature import Duty, Feature

VIEWS = (backups, decisions)
"""Importing a views module registers its commands."""

FEATURE = Feature(
    name="backup",
    clauses=("5.4", "6.1.3"),
    blueprint=bp,
    proofs=proofs.ALL,
    duties=(
        Duty(
            clause="6.2.3",
            label=_("Backups that are too old or not encrypted"),
            open=lambda: int(naming.overdue(settings().backups)),
        ),
    ),
    staff_actions=(accepting.ACCEPT,),
    jobs=(
        Job(
            name="decisions",
            every=timedelta(minutes=1),
            run=replaying.finish_interrupted,
            scope=Scope.MACHINE,
            opens=True,
        ),
        Job(
            name="backup copies",
            every=restoring.SWEEP_EVERY,
            run=restoring.sweep,
            scope=Scope.MACHINE,
        ),
    ),
)

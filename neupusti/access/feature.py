"""The manifest of the access log."""

from neupusti.access.models import Address, Record, Seen
from neupusti.access.service import aggregator
from neupusti.access.views import cli, recording
from neupusti.access.views.blueprint import bp, work
from neupusti.core.background import Job
from neupusti.core.feature import Feature, Retention

VIEWS = (cli, recording)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

FEATURE = Feature(
    name="access",
    clauses=("3.3", "3.3.2"),
    blueprint=bp,
    cookies=(recording.VISITOR,),
    retention=(Retention(model=Record, since=Record.at, days=90),),
    jobs=(Job(name=aggregator.NAME, every=aggregator.EVERY, run=work),),
)

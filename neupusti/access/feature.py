"""The manifest of the access log."""

from flask_babel import lazy_gettext as _

from neupusti.access.models import Address, Record, Seen
from neupusti.access.service import aggregator, unmasking
from neupusti.access.views import (
    addresses,
    cli,
    export,
    live,
    pages,
    problems,
    recording,
)
from neupusti.access.views.blueprint import bp, work
from neupusti.core.background import Job
from neupusti.core.feature import Feature, MenuItem, Retention

VIEWS = (pages, problems, addresses, live, export, cli, recording)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

FEATURE = Feature(
    name="access",
    clauses=("3.3", "3.3.2"),
    blueprint=bp,
    cookies=(recording.VISITOR,),
    admin_menu=(MenuItem(endpoint="access.overview", label=_("Statistics")),),
    retention=(
        Retention(model=Record, since=Record.at, days=90, own_sweep=True),
        Retention(model=Address, since=Address.day, days=30, own_sweep=True),
        Retention(model=Seen, since=Seen.day, days=30, own_sweep=True),
    ),
    staff_acts={
        unmasking.SHOWN: _("saw an address of the log whole"),
        unmasking.TAKEN: _("took requests of the log away"),
    },
    jobs=(Job(name=aggregator.NAME, every=aggregator.EVERY, run=work),),
)

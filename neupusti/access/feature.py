"""The manifest of the access log."""

from flask_babel import lazy_gettext as _

from neupusti.access import proofs, service
from neupusti.access.models import (
    Address,
    Cursor,
    Finding,
    Import,
    Latency,
    Record,
    Rollup,
    Salt,
    SeenVisitor,
    Sweep,
    Total,
)
from neupusti.access.views import cli, recording
from neupusti.access.views.blueprint import bp, work
from neupusti.config.settings import settings
from neupusti.core.background import Job, Scope
from neupusti.core.feature import Feature
from neupusti.core.keeping import IndefiniteRetention, Retention, Unheld

VIEWS = (cli, recording)
"""Importing a module of views registers its routes and commands."""

NOBODY = "an address or a visitor id is never tied to a person, and ends within days"

FEATURE = Feature(
    name="access",
    clauses=("1.1.8", "3.3"),
    blueprint=bp,
    proofs=proofs.ALL,
    cookies=(recording.VISITOR,),
    unheld=tuple(
        Unheld(model=model, why=NOBODY) for model in (Record, Address, SeenVisitor, Finding)
    ),
    retention=(
        Retention(
            label=_(
                "The IP address and the browser's name for itself in the log of requests"
            ),
            clause="3.3",
            start_label=_("from the request"),
            model=Record,
            starts_at=Record.at,
            days=lambda: settings().access_ip_days,
            masks=Record.user_agent,
            custom_sweep=True,
            whole_days=True,
        ),
        Retention(
            label=_("The log of requests as a whole"),
            clause="3.3",
            start_label=_("from the request"),
            model=Record,
            starts_at=Record.at,
            days=lambda: settings().access_days,
            custom_sweep=True,
            whole_days=True,
        ),
        Retention(
            label=_("How often an IP address came on a day"),
            clause="3.3.2",
            start_label=_("from that day"),
            model=Address,
            starts_at=Address.day,
            days=lambda: settings().access_ip_days,
            custom_sweep=True,
            whole_days=True,
        ),
        Retention(
            label=_(
                "An irreversible code of a day, by which its visitors are counted once"
            ),
            clause="3.3.2",
            start_label=_("from that day"),
            model=SeenVisitor,
            starts_at=SeenVisitor.day,
            days=lambda: settings().access_ip_days,
            custom_sweep=True,
            whole_days=True,
        ),
        Retention(
            label=_("The key that the codes of a day are made with"),
            clause="3.3.2",
            start_label=_("from that day"),
            model=Salt,
            starts_at=Salt.day,
            days=lambda: settings().access_ip_days,
            custom_sweep=True,
            whole_days=True,
        ),
        Retention(
            label=_("Attacks and faults that were found in the log, without addresses"),
            clause="3.3.2",
            start_label=_("from that day"),
            model=Finding,
            starts_at=Finding.day,
            days=lambda: settings().access_days,
            custom_sweep=True,
            whole_days=True,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("Figures made of the log: without addresses, browsers or people"),
            clause="3.3.2",
            until=_("with no end date"),
            models=(Total, Rollup, Latency, Cursor, Import, Sweep),
        ),
    ),
    jobs=(Job(name=service.NAME, every=service.EVERY, run=work, scope=Scope.MACHINE),),
)

"""The manifest of the access log."""

from flask_babel import lazy_gettext as _

from neupusti.access import service
from neupusti.access.models import Address, Record, Seen
from neupusti.access.views import cli, recording
from neupusti.access.views.blueprint import bp, work
from neupusti.config import settings
from neupusti.core.background import Job
from neupusti.core.feature import Feature, Kept, Retention

VIEWS = (cli, recording)
"""Importing a module of views is what puts its routes and commands on the blueprint."""

FEATURE = Feature(
    name="access",
    clauses=("1.1.8", "3.3"),
    blueprint=bp,
    cookies=(recording.VISITOR,),
    retention=(
        Retention(
            says=_("The IP address and the words of the browser in the log of requests"),
            clause="3.3",
            counted=_("from the request"),
            model=Record,
            since=Record.at,
            days=lambda: settings().access_ip_days,
            masked=True,
            own_sweep=True,
        ),
        Retention(
            says=_("The log of requests as a whole"),
            clause="3.3",
            counted=_("from the request"),
            model=Record,
            since=Record.at,
            days=lambda: settings().access_days,
            own_sweep=True,
        ),
        Retention(
            says=_("How often an IP address came on a day"),
            clause="3.3.2",
            counted=_("from that day"),
            model=Address,
            since=Address.day,
            days=lambda: settings().access_ip_days,
            own_sweep=True,
        ),
        Retention(
            says=_("An irreversible code of a day, by which its visitors are counted once"),
            clause="3.3.2",
            counted=_("from that day"),
            model=Seen,
            since=Seen.day,
            days=lambda: settings().access_ip_days,
            own_sweep=True,
        ),
    ),
    kept=(
        Kept(
            says=_("Figures made of the log: without addresses, browsers or people"),
            clause="3.3.2",
            until=_("for good"),
        ),
    ),
    jobs=(Job(name=service.NAME, every=service.EVERY, run=work),),
)

"""The manifest of the statistics."""

from dataclasses import replace

from flask_babel import lazy_gettext as _

from neupusti.core.feature import Duty, Feature, MenuItem
from neupusti.core.rules import STATISTICS
from neupusti.statistics import proofs, service
from neupusti.statistics.views import (
    addresses,
    cli,
    errors,
    export,
    findings,
    live,
    overview,
    pages,
)
from neupusti.statistics.views.blueprint import bp

VIEWS = (overview, pages, errors, findings, addresses, live, export, cli)
"""Importing a module of views registers its routes and commands."""

FEATURE = Feature(
    name="statistics",
    clauses=("3.3.2",),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "statistics.address": STATISTICS,
        "statistics.addresses": STATISTICS,
        "statistics.download_log": replace(STATISTICS, recently_authenticated=True),
        "statistics.export_list": STATISTICS,
        "statistics.export_series": STATISTICS,
        "statistics.finding": STATISTICS,
        "statistics.listing": STATISTICS,
        "statistics.live": replace(STATISTICS, polling=True),
        "statistics.log": STATISTICS,
        "statistics.overview": STATISTICS,
        "statistics.problems": STATISTICS,
        "statistics.unmask": STATISTICS,
    },
    admin_menu=(MenuItem(endpoint="statistics.overview", label=_("Statistics")),),
    duties=(
        Duty(
            clause="6.2.3",
            label=_("Attacks that got through and storms of faults, of the last 7 days"),
            open=findings.count_breaches,
            endpoint="statistics.problems",
            notes=findings.worst_of_week,
        ),
    ),
    staff_actions=(service.UNMASKED, service.EXPORTED),
)

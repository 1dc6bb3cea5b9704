"""The manifest of the proofs."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.rules import PRIVACY, PUBLIC
from neupusti.proofs.service import proving
from neupusti.proofs.views import admin, cli, public
from neupusti.proofs.views.blueprint import bp

VIEWS = (public, admin, cli)
"""Importing a view module registers its routes and commands on the blueprint."""

FEATURE = Feature(
    name="proofs",
    clauses=(),
    blueprint=bp,
    access={
        "proofs.ask": PRIVACY,
        "proofs.board": PRIVACY,
        "proofs.feed": PUBLIC,
        "proofs.json": PUBLIC,
        "proofs.show": PUBLIC,
    },
    pages=(
        Page(
            endpoint="proofs.show",
            label=_("Whether the policy holds today"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    admin_menu=(MenuItem(endpoint="proofs.board", label=_("Proofs")),),
    duties=(
        Duty(
            clause="6.2.3",
            label=_("Proofs of the policy that are broken or cannot tell"),
            open=proving.alarms,
            endpoint="proofs.board",
        ),
    ),
    emails=(proving.BROKEN,),
    staff_actions=(proving.ASKED,),
    jobs=(
        Job(name="proofs", every=proving.EVERY, run=proving.work, checks=True),
        Job(name="proofs-self-test", every=timedelta(days=7), run=proving.test_proofs),
    ),
)

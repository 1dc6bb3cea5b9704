"""The manifest of the consent feature."""

from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.consent import proofs, queries
from neupusti.consent.models import (
    ConsentCount,
    ConsentDeclarations,
    ConsentRecord,
    ConsentWording,
    UndeclaredCookie,
)
from neupusti.consent.service import verify
from neupusti.consent.service.cookie_policy import CONSENT
from neupusti.consent.views import admin, choosing, cli, pages
from neupusti.consent.views.extension import bp
from neupusti.core.background import Job, Scope
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place
from neupusti.core.keeping import IndefiniteRetention
from neupusti.core.rules import PRIVACY, PUBLIC

VIEWS = (pages, choosing, admin, cli)
"""Importing a views module registers its routes and commands on the blueprint."""

FEATURE = Feature(
    name="consent",
    clauses=("1.1.7",),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "consent.choose": PUBLIC,
        "consent.erased": PUBLIC,
        "consent.gpc": PUBLIC,
        "consent.receipt_json": PUBLIC,
        "consent.show": PUBLIC,
        "consent.show_receipt": PUBLIC,
        "consent.statistics": PRIVACY,
    },
    cookies=(CONSENT,),
    admin_menu=(MenuItem(endpoint="consent.statistics", label=_("Choices about cookies")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Cookies nobody declared that our own code tried to set"),
            open=lambda: len(queries.undeclared_cookies()),
            endpoint="consent.statistics",
        ),
    ),
    jobs=(
        Job(
            name="consent-head",
            every=timedelta(hours=1),
            run=verify.keep_head,
            scope=Scope.MACHINE,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("A choice about cookies: a number, tied to nobody"),
            clause="3.3.3",
            until=_("as long as it may have to be proved"),
            models=(
                *(ConsentRecord, ConsentWording, ConsentDeclarations),
                *(ConsentCount, UndeclaredCookie),
            ),
        ),
    ),
    pages=(
        Page(endpoint="consent.show", label=_("Cookies"), places=frozenset({Place.FOOTER})),
    ),
)

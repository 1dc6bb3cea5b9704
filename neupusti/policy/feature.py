"""The manifest of the policy feature."""

from dataclasses import replace

from flask_babel import lazy_gettext as _

from neupusti.core.feature import Feature, MenuItem, Page, Place
from neupusti.core.keeping import IndefiniteRetention
from neupusti.core.rules import CONTENT, PUBLIC
from neupusti.policy import proofs as proofs_on_data
from neupusti.policy.models import ClauseAssessment, Edition
from neupusti.policy.service import binding, editions, releasing
from neupusti.policy.views import (
    assessment,
    citations,
    clauses,
    cli,
    live_proofs,
    machine,
    pages,
    proofs,
    reviewing,
)
from neupusti.policy.views.blueprint import bp

VIEWS = (
    *(pages, clauses, machine, proofs, reviewing, cli),
    *(assessment, citations, live_proofs),
)
"""Importing a views module registers what it adds to the blueprint."""


FEATURE = Feature(
    name="policy",
    clauses=("9.2", "9.3", "9.4"),
    blueprint=bp,
    proofs=proofs_on_data.ALL,
    access={
        "policy.approve": CONTENT,
        "policy.choose": PUBLIC,
        "policy.clause": PUBLIC,
        "policy.compare": PUBLIC,
        "policy.current_json": PUBLIC,
        "policy.dated": PUBLIC,
        "policy.feed": PUBLIC,
        "policy.history": PUBLIC,
        "policy.ledger": PUBLIC,
        "policy.life": PUBLIC,
        "policy.json": PUBLIC,
        "policy.privacy": PUBLIC,
        "policy.publish": replace(CONTENT, recently_authenticated=True),
        "policy.review_sheet": CONTENT,
        "policy.reviews": CONTENT,
        "policy.show": PUBLIC,
        "policy.text": PUBLIC,
    },
    essential=frozenset(
        {
            *("policy.clause", "policy.compare", "policy.current_json", "policy.dated"),
            *("policy.history", "policy.json", "policy.privacy", "policy.show"),
            "policy.text",
        }
    ),
    admin_menu=(MenuItem(endpoint="policy.reviews", label=_("Editions of the policy")),),
    pages=(
        Page(
            endpoint="policy.show",
            label=_("Privacy policy"),
            places=frozenset({Place.HEADER, Place.FOOTER}),
        ),
        Page(
            endpoint="policy.ledger",
            label=_("How each clause is carried out"),
            places=frozenset({Place.FOOTER}),
        ),
        Page(
            endpoint="policy.history",
            label=_("Editions and changes"),
            places=frozenset({Place.FOOTER}),
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("Every edition of this policy"),
            clause="9.3",
            until=_("with no end date"),
            models=(Edition, ClauseAssessment),
        ),
    ),
    addresses=clauses.addresses,
    staff_actions=(
        *(releasing.APPROVED, editions.DISCARDED, editions.PUBLISHED),
        binding.ASSESSED,
    ),
    seed=editions.seed,
)

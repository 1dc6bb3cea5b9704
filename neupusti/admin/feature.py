"""The manifest of the staff area."""

from dataclasses import replace

from flask_babel import lazy_gettext as _

from neupusti.admin import queries, service
from neupusti.admin.views import board, cli, journal, labels, outbox
from neupusti.admin.views.blueprint import bp
from neupusti.core.background import standing_still
from neupusti.core.feature import Duty, Feature, MenuItem
from neupusti.core.rules import ANY_STAFF, PRIVACY

VIEWS = (board, journal, outbox, cli)
"""Importing a view module registers its routes and commands on the blueprint."""

FEATURE = Feature(
    name="admin",
    clauses=(),
    blueprint=bp,
    access={
        "admin.ask_email": PRIVACY,
        "admin.board": ANY_STAFF,
        "admin.export": replace(PRIVACY, recently_authenticated=True),
        "admin.journal": PRIVACY,
        "admin.mail": PRIVACY,
        "admin.open_email": PRIVACY,
    },
    admin_menu=(
        MenuItem(endpoint="admin.board", label=_("Board")),
        MenuItem(endpoint="admin.journal", label=_("Journal")),
        MenuItem(endpoint="admin.mail", label=_("E-mails")),
    ),
    duties=(
        Duty(
            clause="6.2.3",
            label=_("Breaks in the journal of staff"),
            open=lambda: int(not queries.chain_intact()),
            endpoint="admin.journal",
        ),
        Duty(
            clause="6.2.3",
            label=_("E-mails nobody received"),
            open=queries.failed,
            endpoint="admin.mail",
        ),
        Duty(
            clause="6.2.3",
            label=_("Jobs of the site that stand still or fail"),
            open=lambda: len(standing_still()),
        ),
    ),
    codes={
        "letter.state": labels.STATES,
        "processing_event.actor_kind": labels.ACTORS,
        **dict.fromkeys(
            ("processing_event.operation", "staff_action.operation"), labels.OPERATIONS
        ),
    },
    staff_actions=(service.EMAIL_OPENED, service.JOURNAL_EXPORTED),
)

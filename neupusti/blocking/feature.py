"""The manifest of blocking."""

from dataclasses import replace

from flask_babel import lazy_gettext as _

from neupusti.blocking import proofs, queries
from neupusti.blocking.service import blocking, replaying
from neupusti.blocking.views import admin, cli, own
from neupusti.blocking.views.blueprint import bp
from neupusti.core.feature import Duty, Feature, MenuItem, Page
from neupusti.core.records.decisions import Decision
from neupusti.core.rules import OWNER, PASS, PRIVACY
from neupusti.rights.views.blueprint import OWN

VIEWS = (admin, cli, own)
"""Importing a view module registers its routes and commands on the blueprint."""
FRESH = replace(OWNER, recently_authenticated=True)
ENTRANCES = ("block", "start", "end")
"""The pages that a pass and an account have alike."""

FEATURE = Feature(
    name="blocking",
    clauses=("6.2.4",),
    blueprint=bp,
    access={
        **{f"blocking.{name}": PASS for name in ENTRANCES},
        **{f"blocking.{OWN}{name}": FRESH for name in ENTRANCES},
        **dict.fromkeys(
            (
                *("blocking.board", "blocking.new", "blocking.place"),
                *("blocking.check", "blocking.look"),
            ),
            PRIVACY,
        ),
    },
    proofs=proofs.ALL,
    replays={Decision.BLOCKED: replaying.block, Decision.LIFTED: replaying.lift},
    pages=(Page(endpoint="blocking.own_block", label=_("Block your data"), listed=False),),
    staff_actions=blocking.ACTIONS,
    admin_menu=(MenuItem(endpoint="blocking.board", label=_("Blocked data")),),
    duties=(
        Duty(
            clause="6.2.4",
            label=_("Blocks whose check has to end"),
            open=queries.count_open,
            endpoint="blocking.board",
        ),
    ),
)

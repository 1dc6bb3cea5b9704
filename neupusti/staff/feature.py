"""The manifest of staff management."""

from dataclasses import replace

from flask_babel import lazy_gettext as _

from neupusti.accounts.service import key_rotation
from neupusti.config.settings import settings
from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem
from neupusti.core.rules import PRIVACY, STAFF
from neupusti.staff import proofs, queries
from neupusti.staff.service import (
    access_audit,
    bootstrap,
    grants,
    invitations,
    second_factors,
    suspending,
    weekly,
)
from neupusti.staff.views import cli, members, people, suspensions
from neupusti.staff.views.blueprint import bp

VIEWS = (people, suspensions, members, cli)
"""Importing a view module registers its routes and commands on the blueprint."""


def seed() -> str:
    """Create the first member of staff of a local site; never of a public one."""
    return "" if settings().production else bootstrap.seed(settings().instance)


FEATURE = Feature(
    name="staff",
    clauses=("1.1.1",),
    blueprint=bp,
    proofs=proofs.ALL,
    access={
        "staff.suspend": replace(STAFF, recently_authenticated=True),
        "staff.suspensions": replace(STAFF, recently_authenticated=True),
        "staff.change_member": replace(STAFF, recently_authenticated=True),
        "staff.invite": replace(STAFF, recently_authenticated=True),
        "staff.invite_again": replace(STAFF, recently_authenticated=True),
        "staff.member": replace(STAFF, recently_authenticated=True),
        "staff.members": STAFF,
        "staff.new_member": replace(STAFF, recently_authenticated=True),
        "staff.open_person": PRIVACY,
        "staff.people": PRIVACY,
        "staff.person": PRIVACY,
        "staff.reinstate": replace(STAFF, recently_authenticated=True),
        "staff.search": PRIVACY,
        "staff.sign_out": PRIVACY,
        "staff.sign_out_member": replace(STAFF, recently_authenticated=True),
        "staff.resend_confirmation_email": PRIVACY,
    },
    admin_menu=(
        MenuItem(endpoint="staff.people", label=_("People")),
        MenuItem(endpoint="staff.members", label=_("Staff")),
    ),
    emails=(
        invitations.INVITATION,
        invitations.PERMISSIONS_GIVEN,
        access_audit.MANY_PEOPLE,
        grants.GRANTED,
        weekly.FINDINGS,
    ),
    jobs=(Job(name="findings", every=weekly.EVERY, run=weekly.run),),
    duties=(
        Duty(
            clause="6.2.2",
            label=_(
                "Members of staff who opened the records of unusually many people "
                "within the hour"
            ),
            open=lambda: queries.excessive_access(settings().people_an_hour),
            endpoint="staff.members",
        ),
        Duty(
            clause="6.2.3",
            label=_("Members of staff without two-step verification"),
            open=queries.without_second_factor,
            endpoint="staff.members",
        ),
        Duty(
            clause="6.2.3",
            label=_("Second factors that no secret of the site can decrypt"),
            open=key_rotation.count_unreadable,
        ),
    ),
    staff_actions=(
        *(grants.GIVEN, grants.TAKEN, grants.SIGNED_OUT, invitations.INVITED),
        *(access_audit.SEARCHED, queries.OPENED, queries.FOUND, access_audit.SIGNED_OUT),
        *(
            access_audit.CONFIRMATION_SENT,
            suspending.SUSPENDED,
            suspending.REINSTATED,
            second_factors.SECOND_FACTOR_RESET,
        ),
    ),
    staff_names=queries.names,
    seed=seed,
)

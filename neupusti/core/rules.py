"""Access rules: who may call a route, and with which staff permission.

Manifests declare them in `Feature.access`; `core.security.authorisation` enforces them.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


class Permission(StrEnum):
    """A permission that a member of staff may hold."""

    STATISTICS = "statistics"
    ORDERS = "orders"
    CONTENT = "content"
    NEWSLETTER = "newsletter"
    PRIVACY = "privacy"
    STAFF = "staff"

    @property
    def label(self) -> LazyString:
        """The name shown to people."""
        return LABELS[self]


LABELS = {
    Permission.STATISTICS: _("Statistics"),
    Permission.ORDERS: _("Orders"),
    Permission.CONTENT: _("Content"),
    Permission.NEWSLETTER: _("Newsletter"),
    Permission.PRIVACY: _("Personal data"),
    Permission.STAFF: _("Staff"),
}


class Who(StrEnum):
    """Whom a route is for."""

    PUBLIC = "everybody"
    SIGNED_IN = "whoever is signed in"
    OWNER = "everybody who is signed in; each sees only their own data"
    PASS = "whoever opened a link we e-mailed; each sees only their own data"  # noqa: S105
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The access rule of one endpoint."""

    who: Who
    permission: Permission | None = None
    """What a member of staff must hold; None: any permission."""
    mfa_pending: bool = False
    """Open to staff without a second factor."""
    recently_authenticated: bool = False
    """Requires a recent password check (step-up, V7.5.1)."""
    polling: bool = False
    """Requested by a script: does not count as activity of the session (V7.3.1)."""


PUBLIC = Rule(who=Who.PUBLIC)
SIGNED_IN = Rule(who=Who.SIGNED_IN)
OWNER = Rule(who=Who.OWNER)
PASS = Rule(who=Who.PASS)
MFA_PENDING = replace(OWNER, mfa_pending=True)
STEP_UP = replace(MFA_PENDING, recently_authenticated=True)
ANY_STAFF = Rule(who=Who.STAFF)
STATISTICS, ORDERS, CONTENT, NEWSLETTER, PRIVACY, STAFF = (
    Rule(who=Who.STAFF, permission=permission) for permission in Permission
)

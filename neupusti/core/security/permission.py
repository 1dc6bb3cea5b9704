"""What a member of staff may open: five kinds of work, and the gate that asks for one."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, abort, current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

P = ParamSpec("P")
R = TypeVar("R")

GATE = "neupusti.gate"
MARK = "permission"


class Permission(StrEnum):
    """One kind of work; a member of staff holds some of them."""

    STATISTICS = "statistics"
    ORDERS = "orders"
    CONTENT = "content"
    PRIVACY = "privacy"
    STAFF = "staff"

    @property
    def label(self) -> LazyString:
        """The permission in words."""
        return LABELS[self]


LABELS = {
    Permission.STATISTICS: _("Statistics"),
    Permission.ORDERS: _("Orders"),
    Permission.CONTENT: _("Content"),
    Permission.PRIVACY: _("Personal data"),
    Permission.STAFF: _("Staff"),
}


Gate = Callable[[Permission], None]
"""Returns where the signed-in person holds the permission; else aborts the request."""


def install(app: Flask, gate: Gate) -> None:
    """Let `gate` decide in this app."""
    app.extensions[GATE] = gate


def check(permission: Permission) -> None:
    """Return where the person of this request holds `permission`; else abort it."""
    cast("Gate", current_app.extensions.get(GATE, _nobody))(permission)


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Open a view only to those who hold `permission`.

    The table of `core.security.authorisation` says so too, or the site does not start: two locks
    on every door of the staff, and one key.
    """

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            check(permission)
            return view(*args, **kwargs)

        setattr(checked, MARK, permission)
        return checked

    return protect


def of(view: Callable[..., Any]) -> Permission | None:
    """Return what a view says it wants, or None."""
    found: Permission | None = getattr(view, MARK, None)
    return found


def _nobody(permission: Permission) -> None:  # noqa: ARG001 - whichever is asked for
    abort(404)

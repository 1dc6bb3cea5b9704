"""What a member of staff may open. Until accounts answer for a person, nobody may."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, abort, current_app

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


Gate = Callable[[Permission], None]
"""Returns where the signed-in person holds the permission; else aborts the request."""


def install(app: Flask, gate: Gate) -> None:
    """Let `gate` decide in this app: accounts does so once it is there."""
    app.extensions[GATE] = gate


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Open a view only to those who hold `permission`."""

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            cast("Gate", current_app.extensions.get(GATE, _nobody))(permission)
            return view(*args, **kwargs)

        setattr(checked, MARK, permission)
        return checked

    return protect


def _nobody(permission: Permission) -> None:  # noqa: ARG001 - whichever is asked for
    abort(404)

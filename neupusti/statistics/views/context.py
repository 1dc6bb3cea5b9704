"""The template variables of every statistics page."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import func, select

from neupusti.access.ingest.findings.identity import mask_address, pseudonym
from neupusti.access.models import Salt
from neupusti.access.views.blueprint import engine, retention_cutoffs
from neupusti.statistics.queries import period
from neupusti.statistics.views import labels
from neupusti.statistics.views.state import ViewState


def page_values(view: ViewState) -> dict[str, Any]:
    """Return the variables that the shared templates use."""
    return {
        "state": view,
        "presets": period.presets(),
        "terms": retention_cutoffs(),
        "mask_address": mask_address,
        "name_address": address_namer(view.period.last),
        "labels": labels,
    }


def address_namer(last: date) -> Callable[..., str]:
    """Return a function that masks an address and adds its pseudonym of a day.

    Without a day it is that of the newest day up to `last` that has a salt.
    """
    salts: dict[date | None, bytes | None] = {}

    def name(ip: str, day: date | None = None) -> str:
        if day not in salts:
            salts[day] = _salt(day, last)
        salt = salts[day]
        letters = pseudonym(ip, salt) if salt else ""
        return f"{mask_address(ip)} · {letters}" if letters else mask_address(ip)

    return name


def _salt(day: date | None, last: date) -> bytes | None:
    newest = select(func.max(Salt.day)).where(Salt.day <= last).scalar_subquery()
    wanted = Salt.day == (newest if day is None else day)
    with engine().connect() as connection:
        found: bytes | None = connection.execute(select(Salt.salt).where(wanted)).scalar()
    return found

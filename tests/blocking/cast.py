"""Who is blocked, and who checks it."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.people import DANA
from tests.rights.asking import send

GUEST_PAGE, OWN_PAGE = "/en/rights/data/block", "/en/account/data/block"


def blocked(browser: FlaskClient, page: str = GUEST_PAGE, reason: str = "") -> DataBlock:
    """Press the button that blocks; return the newest block."""
    answer = send(browser, page, reason=reason)
    assert answer.status_code == 303
    return newest()


def newest() -> DataBlock:
    """Return the newest block as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    rows = select(DataBlock).order_by(DataBlock.id.desc()).limit(1)
    return db.session.scalars(rows).one()


def dana(app: Flask, *more: Permission) -> FlaskClient:
    """Return the browser of a member of staff who answers requests."""
    return desk.signed_in(app, desk.member(DANA, Permission.PRIVACY, *more))

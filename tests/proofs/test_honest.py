"""What the site itself writes is wrong in no proof: else one would cry wolf."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from neupusti.access.views.blueprint import work
from neupusti.accounts.service import avatar
from neupusti.accounts.views import blueprint
from neupusti.config.settings import Settings
from neupusti.consent.service import verify
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.proofs.proof import State
from neupusti.core.records import journal
from neupusti.core.rules import Permission
from neupusti.delivery.service import links
from neupusti.newsletter.service import ending, issues, posting
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.service import masking
from neupusti.statistics import service
from tests import desk, handing, photos
from tests.accounts import test_registration as registering
from tests.accounts.cast import emails_to, link, submit
from tests.contact.asked import asked
from tests.delivery import couriers
from tests.newsletter import cast as news
from tests.orders import cast as orders
from tests.orders.buying import SAME_ORIGIN
from tests.orders.cast import press
from tests.people import AIGERIM, BIN, BOLAT, DANA
from tests.proofs.planting import alarming, live

AFTER_TERM = timedelta(days=masking.DAYS + 1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The settings of an operator with a BIN, who may send advertising."""
    return replace(settings, operator_bin=BIN)


@pytest.fixture(autouse=True)
def _no_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blueprint, "PADDING_SECONDS", 0)


def registered(app: Flask) -> None:
    browser = app.test_client()
    registering.register(browser)
    submit(browser, link(emails_to(AIGERIM.email)[0]), {"choice": "confirm"})
    registering.register(app.test_client(), email=BOLAT.email)


def ordered() -> None:
    number, parcel = couriers.ready()
    handed = handing.over(press(number), parcel)
    links.opened(handed.token)
    handing.moved(press(number), parcel, ParcelState.DELIVERED)
    couriers.ready(orders.PICKUP)


def sent() -> None:
    leaving = news.subscriber(BOLAT.email, advertising=True)
    news.subscriber("reader@example.kz", advertising=True)
    for advertising in (False, True):
        issues.start(news.issue(advertising=advertising), staff=news.DANA)
    posting.run()
    ending.by_link(news.leaving_token(leaving), method=ending.BUTTON)


def read_and_choose(app: Flask) -> None:
    browser = app.test_client()
    for choice in ("accept", "withdraw"):
        data, page = {"choice": choice}, {"Referer": "https://example.kz/?q=tea"}
        assert browser.post("/cookies/", data=data, headers=SAME_ORIGIN).status_code == 303
        assert browser.get("/", headers=page).status_code == 200


@pytest.mark.usefixtures("real_hasher")
def test_no_proof_is_broken_by_what_the_site_does(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    news.send_by(app, 1)
    registered(app)
    ordered()
    sent()
    asked(app)
    dana = desk.member(DANA, Permission.STATISTICS, Permission.STAFF)
    desk.signed_in(app, dana)
    service.log_unmasking(staff=dana, record=1, reason="a fault")
    read_and_choose(app)
    avatar.replace(1, photos.photo(), "photo.jpg")
    journal.keep_head()
    verify.keep_head()
    db.session.remove()
    work()
    later = clock.now() + AFTER_TERM
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        masking.run()
    found = live()
    assert alarming(found) == {}
    looked = [name for name, state in found.items() if state is State.HOLDS]
    # The rest is about what nobody did here: no address was changed, no page attacked.
    assert len(looked) > 90

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs.proof import State
from neupusti.core.records.consents import FormConsent
from neupusti.newsletter.models import Issue, IssueDelivery, Subscriber
from tests.proofs.planting import alarming, all_turn_red, sql, states
from tests.proofs.rows import NOW, OLD, SOON, row

ISSUE, ADVERT = row(Issue, id=1), row(Issue, id=1, advertising=True)
POSTED = row(IssueDelivery, issue=1, subscriber=1, letter=1, state="posted", posted_at=SOON)
ACTIVE = {"id": 1, "state": "active", "confirmed_at": OLD, "news_consent": 1}
CONSENT = row(FormConsent, id=1, form="newsletter")
WITHDRAWN = (CONSENT, row(FormConsent, id=2, ends=1), row(Subscriber, **ACTIVE))

PLANTS = {
    "keys-of-subscribers": sql(row(Subscriber, email_key="b@example.kz")),
    "subscribers-agreed": sql(row(Subscriber, state="active", confirmed_at=OLD)),
    "news-confirmed": sql(ISSUE, row(Subscriber, id=1), POSTED),
    "no-news-after-the-end": sql(
        ISSUE,
        row(Subscriber, id=1, state="ended", confirmed_at=OLD, ended_at="2026-11-22"),
        POSTED,
    ),
    "news-with-consent": sql(ISSUE, *WITHDRAWN, row(OutboxEmail, id=1), POSTED),
    "advertising-with-consent": sql(
        ADVERT, CONSENT, row(Subscriber, **ACTIVE), row(OutboxEmail, id=1), POSTED
    ),
    "advertising-marked": sql(row(OutboxEmail, kind="newsletter.advert", text="Goods")),
}


def test_an_email_that_the_server_is_just_taking_is_no_breach(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """Nothing stops it any more when consent ends: it was within consent that it left."""
    at(NOW)
    email = row(OutboxEmail, id=1, state="handing")
    with sql(ISSUE, *WITHDRAWN, email, POSTED)() as looking:
        assert states(looking)["news-with-consent"] is State.HOLDS


def test_advertising_after_the_withdrawal_of_its_consent_is_a_breach(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    withdrawn = (row(FormConsent, id=3), row(FormConsent, id=4, ends=3))
    reader = row(Subscriber, **ACTIVE, ad_consent=3)
    with sql(
        ADVERT, CONSENT, *withdrawn, reader, row(OutboxEmail, id=1), POSTED
    )() as found:
        assert alarming(states(found)) == {"advertising-with-consent": State.BROKEN}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)

"""Proofs about news and advertising: nobody gets any who has not agreed."""

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.proofs import columns
from neupusti.core.proofs.proof import EARLIER, LATER, SOME, AnyProof, Proof
from neupusti.core.records.consents import FormConsent
from neupusti.newsletter.models import (
    Issue,
    IssueDelivery,
    Subscriber,
    SubscriberState,
)
from neupusti.newsletter.service import emails

ACTIVE, QUEUED = SubscriberState.ACTIVE.value, OutboxState.QUEUED.value
MARK, BIN = "%Жарнама / Реклама%", "%БСН / БИН%"
_news, _ads = aliased(FormConsent), aliased(FormConsent)
_DELIVERIES = (
    select(
        OutboxEmail.state.label("email"),
        IssueDelivery.posted_at,
        Issue.advertising,
        Subscriber.state.label("subscriber"),
        Subscriber.confirmed_at,
        Subscriber.ended_at,
        Subscriber.news_consent,
        Subscriber.ad_consent,
        _news.id.label("news_ended"),
        _ads.id.label("ads_ended"),
    )
    .join(Issue, Issue.id == IssueDelivery.issue)
    .join(Subscriber, Subscriber.id == IssueDelivery.subscriber)
    .outerjoin(OutboxEmail, OutboxEmail.id == IssueDelivery.letter)
    .outerjoin(_news, _news.ends == Subscriber.news_consent)
    .outerjoin(_ads, _ads.ends == Subscriber.ad_consent)
    .subquery()
)
_ADVERTS = (
    select(OutboxEmail.text)
    .where(OutboxEmail.kind == emails.ADVERT.name, OutboxEmail.text != "")
    .subquery()
)
_ON_ITS_WAY = {"email": QUEUED, "subscriber": ACTIVE}
"""What the server is taking already cannot be taken back, and was within the consent."""

ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("3.2.3",),
        name="keys-of-subscribers",
        says=_("Each subscription is found by the e-mail it was asked for with."),
        rows=Subscriber,
        wrong=lambda rows: columns.no_key(rows.c.email, rows.c.email_key),
        forged={"email": "a@example.kz", "email_key": "b@example.kz"},
        right={"email": "A@example.kz", "email_key": "a@example.kz"},
    ),
    Proof(
        clauses=("3.1", "4.1.9"),
        name="subscribers-agreed",
        says=_("Nobody is subscribed who has not confirmed it and agreed to a text."),
        rows=Subscriber,
        wrong=lambda rows: and_(
            rows.c.state == ACTIVE,
            or_(rows.c.confirmed_at.is_(None), rows.c.news_consent.is_(None)),
        ),
        forged={"state": ACTIVE, "confirmed_at": EARLIER},
        right={"state": ACTIVE, "confirmed_at": EARLIER, "news_consent": SOME},
    ),
    Proof(
        clauses=("4.1.9",),
        name="news-confirmed",
        says=_("No news went to an address that was never confirmed."),
        rows=_DELIVERIES,
        wrong=lambda rows: and_(
            rows.c.posted_at.is_not(None), rows.c.confirmed_at.is_(None)
        ),
        forged={"posted_at": LATER},
        right={"posted_at": LATER, "confirmed_at": EARLIER},
    ),
    Proof(
        clauses=("2.2", "6.1.1"),
        name="no-news-after-the-end",
        says=_("No news went to anybody after they had unsubscribed."),
        rows=_DELIVERIES,
        wrong=lambda rows: rows.c.posted_at > rows.c.ended_at,
        forged={"posted_at": LATER, "ended_at": EARLIER},
        right={"posted_at": EARLIER, "ended_at": LATER},
    ),
    Proof(
        clauses=("4.1.9", "6.1.1"),
        name="news-with-consent",
        says=_("No news is on its way without a consent in force."),
        rows=_DELIVERIES,
        wrong=lambda rows: and_(
            rows.c.email == QUEUED,
            rows.c.subscriber == ACTIVE,
            or_(rows.c.news_consent.is_(None), rows.c.news_ended.is_not(None)),
        ),
        forged={**_ON_ITS_WAY, "news_consent": SOME, "news_ended": SOME},
        right={**_ON_ITS_WAY, "news_consent": SOME},
    ),
    Proof(
        clauses=("4.1.10", "6.1.1"),
        name="advertising-with-consent",
        says=_("No advertising is on its way without a consent of its own."),
        rows=_DELIVERIES,
        wrong=lambda rows: and_(
            rows.c.advertising,
            rows.c.email == QUEUED,
            rows.c.subscriber == ACTIVE,
            or_(rows.c.ad_consent.is_(None), rows.c.ads_ended.is_not(None)),
        ),
        forged={**_ON_ITS_WAY, "advertising": True, "ad_consent": SOME, "ads_ended": SOME},
        right={**_ON_ITS_WAY, "advertising": True, "ad_consent": SOME},
    ),
    Proof(
        clauses=("4.1.10",),
        name="advertising-marked",
        says=_("All advertising is marked as such, with the BIN of who sends it."),
        rows=_ADVERTS,
        wrong=lambda rows: or_(rows.c.text.not_like(MARK), rows.c.text.not_like(BIN)),
        forged={"text": "Goods"},
        right={"text": "Жарнама / Реклама. Neupusti, БСН / БИН 1"},
    ),
)

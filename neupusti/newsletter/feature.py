"""The manifest of the newsletter."""

from flask_babel import lazy_gettext as _

from neupusti.core.background import Job
from neupusti.core.feature import Duty, Feature, MenuItem, Page, Place, Together
from neupusti.core.keeping import (
    STAFF_ORDER,
    Fate,
    Holding,
    IndefiniteRetention,
    Retention,
)
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.decisions import Decision
from neupusti.core.rules import NEWSLETTER, OWNER, PUBLIC
from neupusti.newsletter import proofs, queries
from neupusti.newsletter.models import (
    DONE,
    CampaignOrders,
    Issue,
    IssueDelivery,
    IssueText,
    Subscriber,
    SubscriberState,
    Subscription,
    Suppression,
)
from neupusti.newsletter.service import (
    attaching,
    issues,
    labels,
    posting,
    repeating,
    signup,
)
from neupusti.newsletter.service import emails as newsletter_emails
from neupusti.newsletter.views import account, campaign, cli, desk, leaving
from neupusti.newsletter.views import signup as signup_views
from neupusti.newsletter.views.blueprint import bp

VIEWS = (signup_views, leaving, account, desk, cli)
"""Importing a view module registers its routes and commands on the blueprint."""
RECEIVERS = (attaching, campaign)
"""Importing it connects its receivers to the signals of accounts and orders."""
ENDED_DAYS = DELIVERY_DAYS = 30
CAMPAIGN_DAYS = 365

FEATURE = Feature(
    name="newsletter",
    clauses=("3.1", "3.2.3", "4.1.9", "4.1.10"),
    blueprint=bp,
    proofs=proofs.ALL,
    replays={Decision.UNSUBSCRIBED: Together(repeating.unsubscribe)},
    access={
        **dict.fromkeys(
            (
                *("newsletter.board", "newsletter.write", "newsletter.create"),
                *("newsletter.issue", "newsletter.save", "newsletter.preview"),
                *("newsletter.copy", "newsletter.move"),
            ),
            NEWSLETTER,
        ),
        "newsletter.ask_to_confirm": PUBLIC,
        "newsletter.choose": PUBLIC,
        "newsletter.confirm": PUBLIC,
        "newsletter.confirmed": PUBLIC,
        "newsletter.end": PUBLIC,
        "newsletter.mine": OWNER,
        "newsletter.save_choices": PUBLIC,
        "newsletter.save_mine": OWNER,
        "newsletter.sent": PUBLIC,
        "newsletter.show": PUBLIC,
        "newsletter.sign_up": PUBLIC,
        "newsletter.unsubscribe": PUBLIC,
        "newsletter.unsubscribed": PUBLIC,
    },
    cookies=(campaign.CAMPAIGN,),
    emails=newsletter_emails.ALL,
    staff_actions=issues.ACTIONS,
    jobs=(Job(name="news", every=posting.EVERY, run=posting.run),),
    pages=(
        Page(
            endpoint="newsletter.show",
            label=_("News by e-mail"),
            places=frozenset({Place.FOOTER}),
        ),
        Page(
            endpoint="newsletter.mine",
            label=_("Newsletter"),
            places=frozenset({Place.ACCOUNT}),
            listed=False,
        ),
    ),
    admin_menu=(MenuItem(endpoint="newsletter.board", label=_("Newsletter")),),
    duties=(
        Duty(
            clause="6.2.1",
            label=_("Issues past their time, to be started by hand"),
            open=queries.count_late,
            endpoint="newsletter.board",
        ),
    ),
    codes={
        "subscriber.state": labels.SUBSCRIBER_STATES,
        "issue_delivery.state": labels.DELIVERY_STATES,
        "issue.state": labels.ISSUE_STATES,
        **dict.fromkeys(("subscription.topic", "issue.topic"), labels.TOPICS),
    },
    holdings=(
        Holding(model=Subscriber, label=_("Your subscription to news")),
        Holding(model=Subscription, label=_("The topics of your subscription")),
        Holding(model=IssueDelivery),
        Holding(
            model=Suppression,
            fate=Fate.EVIDENCE,
            unblocked="it keeps news away",
            why=_("An irreversible code of the address, so that no more news go to it"),
        ),
        Holding(model=Issue, fate=Fate.EVIDENCE, order=STAFF_ORDER),
        Holding(
            model=IssueText,
            order=STAFF_ORDER,
            fate=Fate.EVIDENCE,
            label=_("The texts of the issues of the newsletter"),
        ),
    ),
    retention=(
        Retention(
            label=_("A sign-up for news that was never confirmed"),
            clause="4.1.9",
            start_label=_("from the sign-up"),
            model=Subscriber,
            starts_at=Subscriber.asked_at,
            days=signup.LIFE.days,
            only={"state": SubscriberState.PENDING.value},
        ),
        Retention(
            label=_("The e-mail that asks to confirm a sign-up"),
            clause="4.1.9",
            start_label=_("from the sign-up"),
            model=OutboxEmail,
            starts_at=OutboxEmail.created_at,
            days=signup.LIFE.days,
            only={"kind": newsletter_emails.CONFIRM.name},
        ),
        Retention(
            label=_("The address of a subscription that has ended"),
            clause="4.1.9",
            start_label=_("from its end"),
            model=Subscriber,
            starts_at=Subscriber.ended_at,
            days=ENDED_DAYS,
            only={"state": SubscriberState.ENDED.value},
        ),
        Retention(
            label=_("What became of an issue for each subscriber"),
            clause="4.1.9",
            start_label=_("from its sending"),
            model=IssueDelivery,
            starts_at=IssueDelivery.at,
            days=DELIVERY_DAYS,
            only={"state": DONE},
        ),
        Retention(
            label=_("Numbers of orders by campaign"),
            clause="3.3.1",
            start_label=_("from the last order"),
            model=CampaignOrders,
            starts_at=CampaignOrders.last_at,
            days=CAMPAIGN_DAYS,
        ),
    ),
    indefinite=(
        IndefiniteRetention(
            label=_("A subscription to news: the address, its language and topics"),
            clause="4.1.9",
            until=_("until you unsubscribe"),
            models=(Subscriber, Subscription),
        ),
        IndefiniteRetention(
            label=_("Who is still to get an issue that is on its way"),
            clause="4.1.9",
            until=_("until everybody has got it or the shop ends it"),
            models=(IssueDelivery,),
        ),
        IndefiniteRetention(
            label=_("That an address wants no news, under an irreversible code"),
            clause="4.1.9",
            until=_("until its owner subscribes again"),
            models=(Suppression,),
        ),
        IndefiniteRetention(
            label=_("The issues of the newsletter"),
            clause="4.1.9",
            until=_("as long as the shop keeps its archive"),
            models=(Issue, IssueText),
        ),
    ),
)

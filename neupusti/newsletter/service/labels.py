"""The names of topics and states, as people read them."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.newsletter.models import (
    DeliveryState,
    IssueState,
    SubscriberState,
    Topic,
    Why,
)

TOPICS: Mapping[str, LazyString] = {
    Topic.GOODS: _("New goods"),
    Topic.SHOP: _("News of the shop"),
    Topic.ADVICE: _("Advice for the home"),
}
SUBSCRIBER_STATES: Mapping[str, LazyString] = {
    SubscriberState.PENDING: _("to be confirmed"),
    SubscriberState.ACTIVE: _("in force"),
    SubscriberState.ENDED: _("ended"),
}
ISSUE_STATES: Mapping[str, LazyString] = {
    IssueState.DRAFT: _("draft"),
    IssueState.SENDING: _("being sent"),
    IssueState.PAUSED: _("paused"),
    IssueState.DONE: _("done"),
}
DELIVERY_STATES: Mapping[str, LazyString] = {
    DeliveryState.WAITING: _("Waiting"),
    DeliveryState.POSTED: _("In the outbox"),
    DeliveryState.SENT: _("Sent"),
    DeliveryState.REFUSED: _("Refused by the server"),
    DeliveryState.UNSURE: _("Unsure"),
    DeliveryState.SKIPPED: _("Skipped"),
}
WHY: Mapping[str, LazyString] = {
    Why.UNSUBSCRIBED: _("unsubscribed meanwhile"),
    Why.NO_CONSENT: _("no consent in force"),
    Why.BOUNCED: _("no such mailbox"),
    Why.SERVER: _("the mail server refused it"),
    Why.STOPPED: _("stopped by the shop"),
}

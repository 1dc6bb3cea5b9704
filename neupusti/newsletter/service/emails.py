"""The emails of the newsletter; their texts are in templates/newsletter/mail/."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.classification import Purpose
from neupusti.core.mail.models import Priority
from neupusti.core.mail.outbox import EmailType

CONFIRM = EmailType(
    name="newsletter.confirm",
    label=_("Confirm that you want our news"),
    purpose=Purpose.NEWS,
)
ISSUE = EmailType(
    name="newsletter.issue",
    label=_("An issue of the newsletter you asked for"),
    purpose=Purpose.NEWS,
    in_subject=frozenset({"headline"}),
    priority=Priority.NEWS,
)
ADVERT = EmailType(
    name="newsletter.advert",
    label=_("Advertising you agreed to"),
    purpose=Purpose.ADVERTISING,
    in_subject=frozenset({"headline"}),
    priority=Priority.NEWS,
)
ALL = (CONFIRM, ISSUE, ADVERT)

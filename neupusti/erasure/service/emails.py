"""The emails about erasures; their texts are in templates/erasure/mail/."""

from flask_babel import lazy_gettext as _

from neupusti.core.data.classification import Purpose
from neupusti.core.mail.outbox import EmailType

SCHEDULED = EmailType(
    name="erasure.scheduled",
    label=_("When your data will be destroyed, and how to undo it"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
UNDONE = EmailType(
    name="erasure.undone",
    label=_("Your data will not be destroyed"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
DONE = EmailType(
    name="erasure.done",
    label=_("Your data are destroyed, and what a law keeps"),
    purpose=Purpose.FEEDBACK,
    in_subject=frozenset({"number"}),
    while_blocked=True,
)
ALL = (SCHEDULED, UNDONE, DONE)

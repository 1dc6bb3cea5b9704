"""The reason why a member of staff reads or changes personal data (1.1.1)."""

from typing import Any

from flask_babel import lazy_gettext as _

from neupusti.core.forms.fields import FieldError, Text, TextLine

SHORTEST = 5
LONGEST = 200


class Reason(TextLine):
    """A reason, stored in the journal."""

    clause = "1.1.1"
    longest = LONGEST

    def __init__(self, label: Text, **kwargs: Any) -> None:
        kwargs = {
            "empty": _("Say what for: the journal keeps it."),
            "hint": _("“Asked by phone about the order”: the journal keeps these words."),
            "autocomplete": "off",
            **kwargs,
        }
        super().__init__(label, **kwargs)

    def parse(self, answer: str) -> str:
        """Return the reason; raise FieldError where it is too short or repetitive."""
        reason = super().parse(answer)
        if len(reason) < SHORTEST or len(set(reason.casefold())) < SHORTEST - 1:
            raise FieldError(_("Say it in a few words."))
        return reason

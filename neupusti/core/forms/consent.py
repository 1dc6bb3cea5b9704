"""Consent boxes in forms: the exact text, with every element the law requires (F1).

Law 94-V, article 8 names eight elements; `Statement` has a field for each, so none can be
forgotten. The box is unticked at first, and its value is the hash of the text beside it:
it proves which text was shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString, lazy_gettext
from flask_babel import gettext as _
from wtforms.validators import StopValidation

from neupusti.core.data.classification import Purpose
from neupusti.core.forms.fields import Checkbox
from neupusti.core.records.consents import digest
from neupusti.core.text import languages
from neupusti.core.web.operator import Operator

PLAIN_YES = frozenset({"y", "yes", "on", "true", "1"})
"""Values that agree without a hash: to the present text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The text of one consent; every element but operator and subject is a field."""

    opening: LazyString
    """What is agreed to, in the first person: the label of the box."""
    purpose: Purpose
    purposes: Sequence[LazyString]
    data: Sequence[LazyString]
    term: LazyString
    recipients: Sequence[LazyString] = ()
    abroad: bool = False
    published: bool = False
    how_to_withdraw: LazyString

    def lines(self, operator: Operator) -> tuple[str, ...]:
        """Return the opening and the eight elements, in the language of the request."""
        name = operator.in_language(languages.current()).name
        number = operator.bin or _("not given yet")
        recipients = _joined(self.recipients) or _("no")
        abroad, published = (
            _("yes") if value else _("no") for value in (self.abroad, self.published)
        )
        return (
            str(self.opening),
            _("Who receives it: %(name)s, BIN %(bin)s", name=name, bin=number),
            _("Who gives it: the person whose answers stand in this form"),
            _("What for: %(purposes)s", purposes=_joined(self.purposes)),
            _("For which data: %(data)s", data=_joined(self.data)),
            _("For how long: %(term)s", term=self.term),
            _("Handed to third parties: %(answer)s", answer=recipients),
            _("Sent outside Kazakhstan: %(answer)s", answer=abroad),
            _("Published in open sources: %(answer)s", answer=published),
            _("How to withdraw it: %(way)s", way=self.how_to_withdraw),
        )


class Consent(Checkbox):
    """The box of a consent. A view sets its text by `ask` before it validates."""

    MISSING = lazy_gettext("Tick the box if you agree; without it we may not do this.")
    CHANGED = lazy_gettext(
        "The words have changed since you opened the form. Read them again."
    )

    def __init__(self, *, needed: bool = True, **kwargs: Any) -> None:
        super().__init__("", **kwargs)
        self.needed = needed
        self.flags.required = needed
        self.lines: tuple[str, ...] = ()
        self.sent = ""

    def ask(self, statement: Statement, operator: Operator) -> None:
        """Show `statement` beside the box."""
        self.lines = statement.lines(operator)
        self.label.text = self.lines[0]

    @property
    def text(self) -> str:
        """The exact text that is hashed, shown and stored."""
        return "\n".join(self.lines)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the hash of the text that was shown."""
        self.sent = valuelist[0].strip() if valuelist else ""
        self.data = bool(self.sent) and self.sent not in self.false_values

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Refuse an unticked box where consent is needed, and consent to another text."""
        if not self.data:
            raise StopValidation(str(self.MISSING) if self.needed else None)
        if self.sent.lower() not in PLAIN_YES and self.sent != digest(self.text):
            self.data = False
            raise StopValidation(str(self.CHANGED))

    def _value(self) -> str:
        return digest(self.text)


def _joined(items: Sequence[LazyString]) -> str:
    return "; ".join(map(str, items))

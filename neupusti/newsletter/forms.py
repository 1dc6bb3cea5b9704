"""What the pages of the newsletter ask."""

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form
from neupusti.core.forms.consent import Consent
from neupusti.core.forms.fields import (
    Checkbox,
    Choice,
    Email,
    FieldError,
    TextArea,
    TextLine,
)
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Topic
from neupusti.newsletter.service import labels
from neupusti.newsletter.service.issues import Draft

LONGEST_SUBJECT, LONGEST_TEXT = 120, 3000
"""Characters; three languages of all fit into the 64 KiB of a form."""
MARKUP = re.compile(r"<[a-z/!]|(?:javascript|vbscript):|data:[a-z]+/", re.IGNORECASE)
LOCAL = "%Y-%m-%dT%H:%M"


class SignUpForm(Form):
    """An address for the news, and the consents to it (3.1)."""

    purposes = (Purpose.NEWS, Purpose.ADVERTISING)

    email = Email(
        _("E-mail"),
        empty=_("Enter your e-mail."),
        hint=_("We send a link to confirm it; until then nothing comes"),
    )
    consent = Consent()
    advertising = Consent(needed=False)


class ChoicesForm(Form):
    """What a subscriber wants, with the consent to advertising."""

    purposes = (Purpose.NEWS, Purpose.ADVERTISING)

    advertising = Consent(needed=False)


class AccountForm(Form):
    """The subscription of an account, with both consents."""

    purposes = (Purpose.NEWS, Purpose.ADVERTISING)

    consent = Consent()
    advertising = Consent(needed=False)


class ConfirmForm(Form):
    """The press that begins a subscription; it carries the hashes of the texts shown."""

    consent = Consent(needed=False)
    advertising = Consent(needed=False)


class LocalMoment(TextLine):
    """A moment in Almaty, as browsers send it: 2026-11-30T10:00."""

    longest = 16

    def parse(self, answer: str) -> str:
        """Return it as it was sent; raise FieldError."""
        if self._moment(answer) is None:
            raise FieldError(_("Write the time like 2026-11-30T10:00."))
        return answer

    @property
    def moment(self) -> datetime | None:
        """The moment, or None where the field is empty."""
        return self._moment(str(self.data or ""))

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input of browsers for a moment."""
        return super().__call__(**{"type": "datetime-local", **kwargs})

    @staticmethod
    def shown(moment: datetime | None) -> str:
        """Return `moment` as the input takes it."""
        return f"{moment.astimezone(clock.ALMATY):{LOCAL}}" if moment else ""

    @staticmethod
    def _moment(text: str) -> datetime | None:
        if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text):
            return None
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            return None
        return local.replace(tzinfo=clock.ALMATY)


class PlainText(TextArea):
    """The text of an issue: plain, so nothing in it can run or be fetched."""

    def pre_validate(self, form: Any) -> None:
        """Refuse markup; cut spaces at line ends, since `-- ` would end the text."""
        super().pre_validate(form)
        if MARKUP.search(self.data):
            raise StopValidation(gettext("Write plain text, without HTML and scripts."))
        self.data = "\n".join(line.rstrip() for line in self.data.splitlines()).strip()


def _subject(language: Language) -> TextLine:
    return TextLine(
        _("Subject"), longest=LONGEST_SUBJECT, render_kw={"lang": language.value}
    )


def _body(language: Language) -> PlainText:
    return PlainText(
        _("Text"),
        clause="",
        longest=LONGEST_TEXT,
        hint=_("A line that is a path of this site, such as /catalog/, becomes a link"),
        render_kw={"lang": language.value, "rows": 12},
    )


class IssueForm(Form):
    """An issue that is being written."""

    topic = Choice(
        _("Topic"), choices=[SelectChoice(*one) for one in labels.TOPICS.items()]
    )
    advertising = Checkbox(
        _("It is advertising"),
        hint=_(
            "It goes only to those who agreed to advertising, marked as such, with the "
            "Kazakh text in it always"
        ),
    )
    due_at = LocalMoment(
        _("Start by itself at"), hint=_("Time of Almaty; empty: you start it yourself")
    )
    subject_ru, subject_kk, subject_en = (_subject(one) for one in Language)
    body_ru, body_kk, body_en = (_body(one) for one in Language)

    def draft(self) -> Draft:
        """Return what was written."""
        return Draft(
            topic=Topic(self.topic.data),
            advertising=bool(self.advertising.data),
            due_at=self.due_at.moment,
            texts={
                language: (
                    self[f"subject_{language.value}"].data or "",
                    self[f"body_{language.value}"].data or "",
                )
                for language in Language
            },
        )

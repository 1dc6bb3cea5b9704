"""Form fields with validation and error messages.

Nothing inside an answer is dropped silently: invalid characters are refused with a
message. Only the spaces around a name, an address or a number are stripped.
"""

from typing import Any, TypeAlias

from flask_babel import LazyString, gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import StopValidation

from neupusti.core.text import emails, names, phones
from neupusti.core.text.characters import composed, hidden, visible

_ = lazy_gettext
Text: TypeAlias = str | LazyString
HIDDEN = _("Remove the invisible or damaged characters and type this again.")
NAME_ERRORS = {
    names.HIDDEN: HIDDEN,
    names.LONG: _("Shorten it to 100 characters."),
    names.DIGITS: _("A name holds no digits. Write it in letters."),
    names.SIGN: _("Use letters, spaces, hyphens, apostrophes and dots."),
    names.EMPTY: _("Write it in letters."),
}
EMAIL_ERRORS = {
    emails.SHAPE: _("Write the address like name@example.kz."),
    emails.DOMAIN: _("No server can have the name after the @. Check it letter by letter."),
}


class FieldError(ValueError):
    """An invalid answer; the message is shown to the person."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


class TextLine(StringField):  # type: ignore[misc]  # the library is untyped
    """One line of text. `clause` is that of its personal data; empty: not personal."""

    data: str
    clause = ""
    autocomplete = ""
    longest = 200

    def __init__(  # noqa: PLR0913 - keywords of a declaration
        self,
        label: Text,
        *,
        empty: Text | None = None,
        clause: str | None = None,
        longest: int | None = None,
        autocomplete: str | None = None,
        hint: Text = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.empty, self.hint = empty, hint
        self.clause = self.clause if clause is None else clause
        self.longest = longest or self.longest
        self.autocomplete = self.autocomplete if autocomplete is None else autocomplete
        if empty:
            self.flags.required = True
        self.flags.maxlength = self.longest

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Parse the answer; stop with an error message if it is invalid."""
        answer = (self.data or "").strip(" ")
        if not answer:
            self.data = ""
            raise StopValidation(str(self.empty) if self.empty else None)
        try:
            self.data = self.parse(answer)
        except FieldError as error:
            self.data = visible(answer)
            raise StopValidation(str(error.message)) from None

    def parse(self, answer: str) -> str:
        """Return the answer as it is stored; raise FieldError."""
        return line(answer, self.longest)


class Name(TextLine):
    """A part of a person's name (3.2.1)."""

    clause = "3.2.1"
    longest = names.MAX_LENGTH

    def parse(self, answer: str) -> str:
        """Return the name in NFC; raise FieldError."""
        try:
            return names.parse(answer)
        except names.PersonNameError as error:
            raise FieldError(NAME_ERRORS[str(error)]) from None


class Email(TextLine):
    """An email address (3.2.3)."""

    clause = "3.2.3"
    longest = emails.MAX_LENGTH
    autocomplete = "email"

    def parse(self, answer: str) -> str:
        """Return the address with its domain in lower case; raise FieldError."""
        try:
            return emails.parse(answer)
        except emails.EmailError as error:
            raise FieldError(EMAIL_ERRORS[str(error)]) from None

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input with the keyboard for email addresses."""
        return super().__call__(**{"inputmode": "email", "spellcheck": "false", **kwargs})


class Phone(TextLine):
    """A phone number (3.2.2)."""

    clause = "3.2.2"
    longest = phones.MAX_LENGTH
    autocomplete = "tel"

    def parse(self, answer: str) -> str:
        """Return the number in E.164; raise FieldError."""
        try:
            return phones.parse(answer)
        except phones.PhoneError:
            raise FieldError(
                _("Write the number like 8 701 123 45 67; a foreign one with + and code.")
            ) from None

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input with the keyboard for phone numbers."""
        return super().__call__(**{"type": "tel", "inputmode": "tel", **kwargs})


class Code(TextLine):
    """A one-time code or a recovery code; not personal data."""

    longest = 40
    autocomplete = "one-time-code"


class TextArea(TextAreaField):  # type: ignore[misc]  # the library is untyped
    """Text of several lines, which may hold any personal data (3.4)."""

    data: str

    def __init__(
        self,
        label: Text,
        *,
        clause: str,
        longest: int,
        empty: Text | None = None,
        hint: Text = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(label, **kwargs)
        self.clause, self.longest, self.empty, self.hint = clause, longest, empty, hint
        self.autocomplete = ""
        self.flags.required = bool(empty)
        self.flags.maxlength = longest

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Refuse invisible characters and too long a text."""
        answer = composed(self.data or "").replace("\r\n", "\n")
        if not answer.strip():
            self.data = ""
            raise StopValidation(str(self.empty) if self.empty else None)
        if hidden(answer, lines=True):
            self.data = visible(answer, lines=True)
            raise StopValidation(str(HIDDEN))
        if len(answer) > self.longest:
            raise StopValidation(
                gettext("Shorten it to %(count)s characters.", count=self.longest)
            )
        self.data = answer


class Required(Field):  # type: ignore[misc]  # the library is untyped
    """A required field with its own message; the feature validates the rest."""

    clause = ""
    autocomplete = ""

    def __init__(self, label: Text, *, empty: Text, hint: Text = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.empty, self.hint = empty, hint
        self.flags.required = True

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Refuse an empty answer."""
        if not self.data:
            raise StopValidation(str(self.empty))


class Password(Required, PasswordField):  # type: ignore[misc]  # the library is untyped
    """A password, exactly as typed: never stripped and never shown again."""

    def __init__(
        self, label: Text, *, autocomplete: str = "current-password", **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.autocomplete = autocomplete


class Choice(SelectField):  # type: ignore[misc]  # the library is untyped
    """A choice from a list."""

    clause = ""
    autocomplete = ""

    def __init__(self, label: Text, *, hint: Text = "", **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.hint = hint
        self.flags.required = True

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - their signature
        """Refuse what is not in the list."""
        if self.data not in {choice.value for choice in self.choices}:
            raise StopValidation(str(_("Choose one of the list.")))


class File(Required, FileField):  # type: ignore[misc]  # the library is untyped
    """A file; the feature that takes it checks its content."""

    def __init__(
        self, label: Text, *, clause: str, accept: str = "", **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.clause, self.accept = clause, accept

    def __call__(self, **kwargs: Any) -> Any:
        """Render the input with the accepted file types."""
        return super().__call__(**{"accept": self.accept or False, **kwargs})


class Checkbox(BooleanField):  # type: ignore[misc]  # the library is untyped
    """A checkbox, unticked at first."""

    checkbox = True
    clause = ""
    autocomplete = ""

    def __init__(self, label: Text, *, hint: Text = "", **kwargs: Any) -> None:
        super().__init__(label, default=False, **kwargs)
        self.hint = hint


def line(answer: str, longest: int) -> str:
    """Return one line of text in NFC; raise FieldError."""
    answer = composed(answer)
    if hidden(answer):
        raise FieldError(HIDDEN)
    if len(answer) > longest:
        raise FieldError(gettext("Shorten it to %(count)s characters.", count=longest))
    return answer

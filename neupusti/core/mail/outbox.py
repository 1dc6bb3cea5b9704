"""Write emails into the outbox: a type, a recipient, a language and templates.

An email is written in the transaction of the change it reports: both are committed or
neither is.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, cast

from flask import current_app, render_template
from flask_babel import LazyString, force_locale
from jinja2 import Template
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import insert
from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxEmail, OutboxState, Priority
from neupusti.core.mail.service import Service
from neupusti.core.text.languages import Language, force_language

EXTENSION, TYPES = "neupusti.mail", "neupusti.mail.kinds"
PLAIN_HTML = "layout/mail.html"
WHILE_BLOCKED = "neupusti.mail.while_blocked"
SIGNATURE = "\n-- \n"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailType:
    """One type of email this site sends; all are listed to the recipient (4.1.7).

    `name` is `<feature>.<name>`: its template is `templates/<feature>/mail/<name>.txt`; the
    HTML is made of the rendered text, unless there is a `.html` too. The subject is the
    block `title` of the first, rendered with only the values named in `in_subject`, which
    hold nothing about a person.
    """

    name: str
    label: LazyString
    purpose: Purpose = Purpose.NOTICES
    in_subject: frozenset[str] = frozenset()
    priority: Priority = Priority.SERVICE
    while_blocked: bool = False
    """Whether it leaves though its person is blocked: they need it to use their rights.
    Others wait in the outbox until the block ends (6.2.4)."""

    @property
    def template(self) -> str:
        """The name of its templates, without the suffix."""
        feature, _, name = self.name.partition(".")
        return f"{feature}/mail/{name}"


class UndeclaredEmailError(RuntimeError):
    """No manifest lists this type of email, so it is not shown to people (4.1.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The recipient of an email, and its language."""

    email: str
    language: Language
    person: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of an email that many get."""

    to: Recipient
    key: str
    """Its cause: one email per key, ever."""
    token: str
    """The secret of its links; 43 characters, as those of `core.security.tokens`."""


def service() -> Service:
    """Return the mail service of the current app."""
    return cast("Service", current_app.extensions[EXTENSION])


def while_blocked() -> list[str]:
    """Return the names of the types that leave though their person is blocked."""
    return current_app.extensions[WHILE_BLOCKED]  # type: ignore[no-any-return]


def enqueue(  # noqa: PLR0913 - an email is all of these
    session: Session,
    kind: EmailType,
    to: Recipient,
    *,
    key: str,
    values: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutboxEmail:
    """Put an email into the outbox in the open write transaction, and return it.

    `key` names its cause; a second call with the same key writes no second email. Raise
    UndeclaredEmailError, or ValueError where a header would hold a line end.
    """
    parts = rendered(kind, to.language, values or {})
    row = _row(kind, to, key, parts, json.dumps(dict(headers or {})))
    message.head(OutboxEmail(**row), service())
    # As parameters: values would be read anew with each email.
    new = insert(session, OutboxEmail).on_conflict_do_nothing()
    email = session.scalar(new.returning(OutboxEmail), row)
    return email or session.scalars(select(OutboxEmail).filter_by(key=key)).one()


def enqueue_copies(
    session: Session,
    kind: EmailType,
    copies: Sequence[Copy],
    *,
    values: Mapping[str, Any],
    headers: Callable[[str], Mapping[str, str]],
) -> dict[str, int]:
    """Put copies of one email in one language into the outbox; return key -> number.

    It is rendered once: the copies differ in recipient and `token`, a value of the
    template and the argument of `headers`.
    """
    blank = token_urlsafe(32)
    parts = rendered(kind, copies[0].to.language, {**values, "token": blank})
    texts = (*parts, json.dumps(dict(headers(blank))))
    rows = []
    for copy in copies:
        *own, heads = (text.replace(blank, copy.token) for text in texts)
        rows.append(_row(kind, copy.to, copy.key, own, heads))
    message.head(OutboxEmail(**rows[0]), service())
    session.execute(insert(session, OutboxEmail).on_conflict_do_nothing(), rows)
    stored = select(OutboxEmail.key, OutboxEmail.id).where(
        OutboxEmail.key.in_([copy.key for copy in copies])
    )
    return {row[0]: row[1] for row in session.execute(stored)}


def _row(
    kind: EmailType, to: Recipient, key: str, parts: Sequence[str], headers: str
) -> dict[str, Any]:
    subject, text, html = parts
    now, server = clock.now(), service().server
    return {
        "key": key,
        "kind": kind.name,
        "person": to.person,
        "recipient": to.email,
        "language": to.language.value,
        "subject": subject,
        "text": text,
        "html": html,
        "headers": headers,
        "state": (OutboxState.QUEUED if server else OutboxState.KEPT).value,
        "priority": kind.priority.value,
        "attempts": 0,
        "created_at": now,
        "next_at": now,
        "done_at": None if server else now,
        "reason": "",
    }


def drop_queued(session: Session, numbers: Iterable[int]) -> set[int]:
    """Delete those of the emails whose transfer has not begun; return their numbers."""
    queued = delete(OutboxEmail).where(
        OutboxEmail.id.in_(numbers), OutboxEmail.state == OutboxState.QUEUED.value
    )
    return set(session.scalars(queued.returning(OutboxEmail.id)))


def link(endpoint: str, language: Language, **values: Any) -> str:
    """Return the absolute URL of a page, for an email."""
    adapter = current_app.url_map.bind("localhost")
    path = adapter.build(endpoint, values)
    return f"{service().base_url}{language.prefix}{path}"


def rendered(
    kind: EmailType, language: Language, values: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Return subject, text and HTML of an email; raise UndeclaredEmailError."""
    if kind.name not in current_app.extensions[TYPES]:
        raise UndeclaredEmailError(f"No manifest lists {kind.name} among its emails.")
    with force_language(language), force_locale(language.locale):

        def absolute_link(endpoint: str, **parts: Any) -> str:
            return link(endpoint, language, **parts)

        common = {"link": absolute_link, "mail": service(), "language": language}
        context = {**values, **common}
        subject_values = {name: values[name] for name in kind.in_subject}
        plain = current_app.jinja_env.get_template(f"{kind.template}.txt")
        subject = _subject(plain, subject_values)
        text = render_template(plain, **context, subject=subject)
        html = render_template(
            [f"{kind.template}.html", PLAIN_HTML],
            **context,
            subject=subject,
            paragraphs=paragraphs(text),
        )
    return subject, text.strip() + "\n", html


def _subject(template: Template, values: Mapping[str, Any]) -> str:
    block = template.blocks["title"]
    return " ".join("".join(block(template.new_context(dict(values)))).split())


def paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph above the signature."""
    # The last one: an answer of staff may hold a line like it.
    above, _sign, below = text.rpartition(SIGNATURE)
    body = (above or below).strip()
    return [block.splitlines() for block in body.split("\n\n") if block.strip()]

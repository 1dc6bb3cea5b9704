"""Writing letters: a kind, a recipient, a language; the words come from templates.

A letter is posted inside the transaction of the deed it tells of: either both happened or
neither did.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app, render_template
from flask_babel import LazyString, force_locale
from jinja2 import Template
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.mail import message
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.service import Service
from neupusti.core.text.languages import Language, speaking

EXTENSION, KINDS = "neupusti.mail", "neupusti.mail.kinds"
PLAIN_HTML = "layout/mail.html"
SIGNATURE = "\n-- \n"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailType:
    """One kind of letter this site sends; all of them are listed to the reader (4.1.7).

    `name` is `<feature>.<name>`: its words stand in `templates/<feature>/mail/<name>.txt`;
    the HTML is made of the same words, unless there is a `.html` too. The subject is the
    block `title` of the first, and is drawn with no values at all but those of
    `in_subject`, which hold nothing about a person.
    """

    name: str
    label: LazyString
    purpose: Purpose = Purpose.NOTICES
    in_subject: frozenset[str] = frozenset()

    @property
    def template(self) -> str:
        """The name of its templates, without the suffix."""
        feature, _, name = self.name.partition(".")
        return f"{feature}/mail/{name}"


class UndeclaredEmailError(RuntimeError):
    """No manifest lists this kind of letter, so its reader could not know of it (4.1.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a letter goes to, and the language it speaks."""

    email: str
    language: Language
    person: int | None = None


def service() -> Service:
    """Return how letters of the current app leave it."""
    return cast("Service", current_app.extensions[EXTENSION])


def enqueue(  # noqa: PLR0913 - a letter is all of these
    session: Session,
    kind: EmailType,
    to: Recipient,
    *,
    key: str,
    values: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutboxEmail:
    """Put a letter into the outbox in the open write transaction, and return it.

    `key` names the deed; a second call with the same key writes no second letter. Raise
    UndeclaredEmailError, or ValueError where a header would hold a line end.
    """
    known = session.scalar(select(OutboxEmail).filter_by(key=key))
    if known is not None:
        return known
    subject, text, html = _words(kind, to.language, values or {})
    now = clock.now()
    letter = OutboxEmail(
        key=key,
        kind=kind.name,
        person=to.person,
        recipient=to.email,
        language=to.language.value,
        subject=subject,
        text=text,
        html=html,
        headers=json.dumps(dict(headers or {})),
        state=(OutboxState.QUEUED if service().server else OutboxState.KEPT).value,
        attempts=0,
        created_at=now,
        next_at=now,
        done_at=None if service().server else now,
        reason="",
    )
    message.build(letter, service())
    session.add(letter)
    session.flush()
    return letter


def link(endpoint: str, language: Language, **values: Any) -> str:
    """Return the address of a page for a letter, under the configured base URL."""
    adapter = current_app.url_map.bind("localhost")
    path = adapter.build(endpoint, values)
    return f"{service().base_url}{language.prefix}{path}"


def _words(
    kind: EmailType, language: Language, values: Mapping[str, Any]
) -> tuple[str, str, str]:
    if kind.name not in current_app.extensions[KINDS]:
        raise UndeclaredEmailError(f"No manifest lists {kind.name} among its emails.")
    with speaking(language), force_locale(language.locale):

        def to_page(endpoint: str, **parts: Any) -> str:
            return link(endpoint, language, **parts)

        around = {"link": to_page, "mail": service(), "language": language}
        everything = {**values, **around}
        told = {name: values[name] for name in kind.in_subject}
        plain = current_app.jinja_env.get_template(f"{kind.template}.txt")
        subject = _subject(plain, told)
        text = render_template(plain, **everything, subject=subject)
        html = render_template(
            [f"{kind.template}.html", PLAIN_HTML],
            **everything,
            subject=subject,
            paragraphs=_paragraphs(text),
        )
    return subject, text.strip() + "\n", html


def _subject(template: Template, values: Mapping[str, Any]) -> str:
    block = template.blocks["title"]
    return " ".join("".join(block(template.new_context(dict(values)))).split())


def _paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph above the signature."""
    body = text.partition(SIGNATURE)[0].strip()
    return [block.splitlines() for block in body.split("\n\n") if block.strip()]

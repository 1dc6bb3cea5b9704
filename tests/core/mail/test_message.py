"""What is sent is read by the library as it was written."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask

from neupusti.core import clock
from neupusti.core.mail import message, outbox
from neupusti.core.mail.models import OutboxEmail
from tests.conftest import SQLITE
from tests.people import AIGERIM

LONG = "Қ" * 300
CODED = "=?utf-8?q?a=0D=0ABcc:_c@d.kz?="
"""An encoded word (RFC 2047) that holds a line end and a further header."""


def email(**changes: str) -> OutboxEmail:
    """Return an email that is not stored."""
    columns = {
        "key": "try:1",
        "recipient": AIGERIM.email,
        "language": "kk",
        "subject": "Жаңа шәйнектер",
        "text": "Сәлем!\n.\n",
        "html": "<p>Сәлем!</p>",
        "headers": "{}",
        **changes,
    }
    return OutboxEmail(created_at=clock.now(), **columns)


def read(one: OutboxEmail) -> EmailMessage:
    """Return what a mail program reads of an email."""
    sent = message.build(one, outbox.service())
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    assert b"\n" not in sent.replace(b"\r\n", b"")
    parsed = message_from_bytes(sent, _class=EmailMessage, policy=policy.default)
    assert not parsed.defects
    return parsed


@SQLITE
@pytest.mark.parametrize(
    "text",
    ["", "a\n", f"{LONG}\n\n.\n-- \n{LONG}\n", "🫖 = ₸ --=_neupusti--\n", "\n\n a \n\n\n"],
)
def test_both_forms_of_a_text_arrive_as_they_were_written(app: Flask, text: str) -> None:
    parsed = read(email(text=text, html=f"<p>{text}</p>\n"))
    assert [one.get_content_type() for one in parsed.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    contents = [part.get_content() for part in parsed.iter_parts()]
    plain, html = (one.replace("\r\n", "\n") for one in contents)
    assert (plain, html) == (text, f"<p>{text}</p>\n")


@SQLITE
@pytest.mark.parametrize("recipient", [AIGERIM.email, f"{'a' * 64}@{'b' * 60}.example.kz"])
@pytest.mark.parametrize(
    "subject",
    ["Letter", LONG, "a, b: <c@d.kz>", "=?utf-8?q?x?=", CODED, f"x {CODED} {LONG}"],
)
def test_headers_arrive_as_they_were_written(
    app: Flask, recipient: str, subject: str
) -> None:
    parsed = read(email(recipient=recipient, subject=subject))
    assert parsed["To"].addresses[0].addr_spec == recipient
    assert len(parsed["To"].addresses) == 1
    assert parsed.get_all("To") == [parsed["To"]]
    assert parsed["Subject"] == subject
    assert parsed["Bcc"] is None
    assert parsed["From"].addresses[0].addr_spec == outbox.service().sender


@SQLITE
@pytest.mark.parametrize("name", ["List-Unsubscribe", "List-Unsubscribe-Post", "X-Other"])
@pytest.mark.parametrize(
    "end", ["\\r\\nBcc: c@d.kz", "\\nBcc: c@d.kz", "\\r", "\\u0000\\n"]
)
def test_a_line_end_in_any_header_is_refused(app: Flask, name: str, end: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        message.head(email(headers=f'{{"{name}": "x{end}"}}'), outbox.service())


@SQLITE
@pytest.mark.parametrize("name", ["List-Unsubscribe-Post", "X-Other"])
def test_a_line_end_in_an_encoded_word_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        message.head(email(headers=f'{{"{name}": "x {CODED}"}}'), outbox.service())


@SQLITE
@pytest.mark.parametrize("to", ["a@b.kz, c@d.kz", "a@b.kz c@d.kz", "", "a@b.kz\n"])
def test_one_email_has_one_recipient(app: Flask, to: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        message.head(email(recipient=to), outbox.service())

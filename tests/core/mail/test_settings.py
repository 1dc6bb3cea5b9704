"""How the operator names the mail server."""

import pytest

from neupusti.config.checks import SettingsError
from neupusti.config.settings import Settings
from neupusti.core.mail.service import Server


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://localhost", Server("smtp", "localhost", 25)),
        (
            "smtp+starttls://a%40b.kz:p%3Ass@mail.example",
            Server("smtp+starttls", "mail.example", 587, "a@b.kz", "p:ss"),
        ),
        ("smtps://mail.example:2465", Server("smtps", "mail.example", 2465)),
        ("smtps://mail.straße.de", Server("smtps", "mail.xn--strae-oqa.de", 465)),
        ("smtp://mail_relay", Server("smtp", "mail_relay", 25)),
        ("smtp://[::1]:2525", Server("smtp", "::1", 2525)),
    ],
)
def test_the_address_of_a_server_is_read(url: str, read: Server) -> None:
    assert Server.parse(url) == read
    assert "p:ss" not in repr(read)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"smtp_url": "http://mail.example"}, "SMTP_URL"),
        ({"smtp_url": "smtp://"}, "SMTP_URL"),
        ({"smtp_url": "smtp://i❤.ws"}, "SMTP_URL"),
        ({"mail_from": "no address"}, "MAIL_FROM"),
        ({"mail_from": "a@b.kz\nBcc: c@d.kz"}, "MAIL_FROM"),
        ({"operator_email": "no address"}, "OPERATOR_EMAIL"),
        ({"operator_email": "a@i❤.ws", "mail_from": "a@b.kz"}, "OPERATOR_EMAIL"),
        ({"mail_from": "no address", "operator_email": "a@b.kz"}, "MAIL_FROM"),
    ],
)
def test_a_wrong_setting_stops_the_start(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings(secret_key="0" * 32, **changes)  # type: ignore[arg-type]


def test_the_sender_and_the_message_ids_name_the_domain_that_was_set() -> None:
    mail = Settings(secret_key="0" * 32, operator_email="info@straße.de").mail_service
    assert mail.sender == "info@xn--strae-oqa.de"
    assert mail.domain == "xn--strae-oqa.de"


@pytest.mark.parametrize(
    "changes", [{"base_url": "https://straße.de"}, {"hosts": ("straße.de",)}]
)
def test_a_host_is_given_as_servers_know_it(changes: dict[str, object]) -> None:
    """A name in its own letters is refused, and never taken for another's."""
    with pytest.raises(SettingsError):
        Settings(secret_key="0" * 32, **changes)  # type: ignore[arg-type]

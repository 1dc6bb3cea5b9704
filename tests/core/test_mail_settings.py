"""How the operator names the mail server."""

import pytest

from neupusti.config import Settings, SettingsError
from neupusti.core.mail.service import Server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", Server("smtp", "localhost", 25)),
        (
            "smtp+starttls://a%40b.kz:p%3Ass@mail.example",
            Server("smtp+starttls", "mail.example", 587, "a@b.kz", "p:ss"),
        ),
        ("smtps://mail.example:2465", Server("smtps", "mail.example", 2465)),
    ],
)
def test_the_address_of_a_server_is_read(url: str, server: Server) -> None:
    assert Server.parse(url) == server
    assert "p:ss" not in repr(server)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"smtp_url": "http://mail.example"}, "SMTP_URL"),
        ({"smtp_url": "smtp://"}, "SMTP_URL"),
        ({"mail_from": "no address"}, "MAIL_FROM"),
        ({"mail_from": "a@b.kz\nBcc: c@d.kz"}, "MAIL_FROM"),
    ],
)
def test_a_wrong_setting_stops_the_start(changes: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings(secret_key="0" * 32, **changes)  # type: ignore[arg-type]

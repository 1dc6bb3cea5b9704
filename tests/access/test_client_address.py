"""The client address comes from trusted proxies only, never from the client."""

from pathlib import Path

import pytest

from neupusti.app import create_app
from neupusti.config.settings import Settings
from tests.access.conftest import spool_lines
from tests.lending import SECRET


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "Forwarded", "CF-Connecting-IP", "X-Real-IP", "True-Client-IP"],
)
def test_a_client_cannot_choose_its_address(tmp_path: Path, header: str) -> None:
    app = create_app(Settings(secret_key=SECRET, instance=tmp_path))
    assert app.test_client().get("/healthz", headers={header: "for=9.9.9.9, 9.9.9.9"}).data
    (line,) = spool_lines(tmp_path / "access-spool")
    assert line["i"] == "127.0.0.1"


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize(
    ("forwarded", "kept"),
    [
        ("1.1.1.1, 2001:db8::1", "2001:db8::1"),
        ("9.9.9.9", "9.9.9.9"),
        ("<script>", "unknown"),
        ("1.1.1.1, ::ffff:9.9.9.9", "9.9.9.9"),
    ],
)
def test_behind_one_proxy_the_last_address_counts(
    tmp_path: Path, forwarded: str, kept: str
) -> None:
    app = create_app(Settings(secret_key=SECRET, instance=tmp_path, proxies=1))
    assert app.test_client().get("/healthz", headers={"X-Forwarded-For": forwarded}).data
    (line,) = spool_lines(tmp_path / "access-spool")
    assert line["i"] == kept


@pytest.mark.clause("1.1.8")
@pytest.mark.parametrize(
    ("proxies", "kept"),
    [(0, "127.0.0.1"), (1, "3.3.3.3"), (2, "2.2.2.2"), (3, "1.1.1.1"), (4, "127.0.0.1")],
)
def test_the_number_of_proxies_decides_which_address_counts(
    tmp_path: Path, proxies: int, kept: str
) -> None:
    app = create_app(Settings(secret_key=SECRET, instance=tmp_path, proxies=proxies))
    headers = {
        "X-Forwarded-For": "1.1.1.1, 2.2.2.2, 3.3.3.3",
        **dict.fromkeys(("CF-Connecting-IP", "X-Real-IP", "True-Client-IP"), "9.9.9.9"),
        "Forwarded": "for=9.9.9.9",
    }
    assert app.test_client().get("/healthz", headers=headers).data
    (line,) = spool_lines(tmp_path / "access-spool")
    assert line["i"] == kept

"""The size limit of the picture form; other forms have smaller ones."""

from random import Random

import pytest
from flask import Flask

from neupusti.accounts.service import avatar
from tests import photos
from tests.accounts.cast import account, hidden, signed_in
from tests.accounts.test_avatar import JPEG, PATH, PROFILE, photo_file, post, send
from tests.people import AIGERIM


def test_only_this_form_takes_a_large_file_and_only_from_who_is_signed_in(
    app: Flask,
) -> None:
    browser = signed_in(app, account(AIGERIM))
    large = JPEG + bytes(100_000)
    assert send(browser, large).status_code == 303
    token = hidden(browser.get(PROFILE).text)
    assert post(browser, PROFILE, large, **token).status_code == 413
    stranger = app.test_client()
    token = hidden(stranger.get("/account/login").text)
    assert post(stranger, PATH, large, **token).status_code == 413
    assert send(browser, JPEG + bytes(avatar.LARGEST)).status_code == 422
    assert send(browser, bytes(avatar.LARGEST + 200_000)).status_code == 413


@pytest.mark.parametrize(
    "filling",
    [
        Random(7).randbytes(65_521),  # noqa: S311 - no secret
        *(b"\r\n", b"\r", b"\n", b"\r\n--", b"\r\n" + b"-" * 70),
    ],
    ids=["random", "CRLF", "CR", "LF", "nearly boundaries", "dashes"],
)
def test_the_form_takes_the_five_megabytes_it_promises(app: Flask, filling: bytes) -> None:
    """A chunked parser keeps a line end of one chunk for the next."""
    browser = signed_in(app, account(AIGERIM))
    size = avatar.LARGEST - len(JPEG)
    body = JPEG + (filling * (size // len(filling) + 1))[:size]
    assert len(body) == avatar.LARGEST
    assert send(browser, body).status_code == 303
    assert send(browser, body + b"\n").status_code == 422


def test_a_photograph_of_three_megabytes_is_taken(app: Flask) -> None:
    body = photos.large()
    assert 3_000_000 < len(body) < 4_000_000
    assert send(signed_in(app, account(AIGERIM)), body).status_code == 303
    assert photos.opened(*photo_file()).size == (512, 366)


def test_a_field_beside_the_file_stays_small(app: Flask) -> None:
    """Only the file is spooled to disk; other fields have the usual limit."""
    browser = signed_in(app, account(AIGERIM))
    assert send(browser, JPEG, more="x" * 200_000).status_code == 413
    assert send(browser, JPEG, **{f"f{n}": "x" for n in range(101)}).status_code == 413

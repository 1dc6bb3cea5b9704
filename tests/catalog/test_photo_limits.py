"""What a photo of a product may be, and what it costs."""

import subprocess
import sys
from html import unescape
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from neupusti.catalog.service import photos
from neupusti.config.values import ROOT
from neupusti.core.rules import Permission
from tests import desk
from tests import photos as pictures
from tests.catalog.photo_forms import noise, rows, send, stored_files
from tests.catalog.staff_goods import (
    ALTS,
    LIST,
    PHOTO,
    product,
    upload,
)
from tests.conftest import SQLITE
from tests.core.test_pictures import REJECTED
from tests.people import BOLAT


@SQLITE
def test_it_is_refused_in_words_and_nothing_is_stored(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    shapes = {
        f"{w} by {h}": (pictures.encoded(pictures.drawn(w, h), "PNG"), "a.png", None)
        for w, h in ((319, 300), (400, 801), (10, 10))
    }
    large = (PHOTO + bytes(photos.LARGEST), "a.jpg", None)
    for kind, (body, name, words) in {**REJECTED, **shapes, "large": large}.items():
        if kind == "too many bytes":  # of an account's picture
            continue
        answer = send(app, browser, number, body, name)
        assert answer.status_code == 422, kind
        error = answer.text.partition('id="photo-error"')[2].partition("</p>")[0]
        assert error, kind
        with app.test_request_context():
            assert str(words or "") in unescape(error), kind
        assert ALTS["alt_kk"] in answer.text
    assert (rows(), stored_files()) == ([], [])


@SQLITE
def test_only_this_form_takes_ten_megabytes_and_only_from_staff_of_goods(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    largest = PHOTO + Random(7).randbytes(photos.LARGEST - len(PHOTO))  # noqa: S311
    assert send(app, browser, number, largest).status_code == 303
    assert send(app, browser, number, bytes(photos.LARGEST + 200_000)).status_code == 413
    other = desk.signed_in(app, desk.member(BOLAT, Permission.ORDERS))
    for client in (other, app.test_client()):
        assert send(app, client, number, largest).status_code == 413
    path = f"{LIST}{number}"
    assert upload(app, browser, path, ("photo", largest, "a.jpg")).status_code == 413


MEASURE = """
import sys
from neupusti.catalog.service import photos
from neupusti.core import pictures

def peak():
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024

name = sys.argv[1]
body = open(name, "rb").read()
before = peak()
picture = pictures.fitted(body, name, largest=photos.LARGEST, box=(1280, 2560))
assert len(photos._files(picture)) == 5
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("WEBP", "RGB")],
)
@pytest.mark.slow
def test_twelve_megapixels_take_little_memory(tmp_path: Path, kind: str, mode: str) -> None:
    """In MiB above what the process has anyway, as the kernel counts its peak."""
    suffix = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}[kind]
    file = (tmp_path / "photo").with_suffix(suffix)
    calm = noise(40, 30).resize((4000, 3000), Image.Resampling.BICUBIC).convert(mode)
    file.write_bytes(pictures.encoded(calm, kind))
    command = [sys.executable, "-c", MEASURE, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(ran.stdout) <= 90

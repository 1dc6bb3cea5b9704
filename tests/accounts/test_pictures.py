"""Uploaded files become a small picture or get an error message (3.2.6)."""

import io
import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from neupusti.accounts.service import pictures
from neupusti.accounts.service.errors import AccountError
from tests.accounts import photos

PNG = photos.encoded(photos.drawn(), "PNG")
JPEG = photos.encoded(photos.drawn(), "JPEG")
ACCEPTED = {
    "a JPEG": (JPEG, "photo.JPG"),
    "a PNG": (PNG, "photo.png"),
    "a WebP": (photos.encoded(photos.drawn(), "WEBP"), "photo.webp"),
    "a lossless WebP": (photos.encoded(photos.drawn(), "WEBP", lossless=True), "a.webp"),
    "a PNG one can see through": (
        photos.encoded(photos.drawn(mode="RGBA"), "PNG"),
        "a.png",
    ),
    "a WebP one can see through": (
        photos.encoded(photos.drawn(mode="RGBA"), "WEBP"),
        "a.webp",
    ),
    "a PNG of 256 colours": (photos.encoded(photos.drawn(mode="P"), "PNG"), "a.png"),
    "a grey JPEG": (photos.encoded(photos.drawn(mode="L"), "JPEG"), "a.jpeg"),
    "a JPEG for printing": (photos.encoded(photos.drawn(mode="CMYK"), "JPEG"), "a.jpg"),
    "a PNG of two colours": (photos.encoded(photos.drawn(mode="1"), "PNG"), "a.png"),
    "a PNG that moves": (photos.animated("PNG"), "a.png"),
    "a WebP that moves": (photos.animated("WEBP"), "a.webp"),
    "a name of every sort": (JPEG, "../../e\u202evil\x00;\"'.html .jpg"),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_it_is_accepted_without_animation(what: str) -> None:
    body, name = ACCEPTED[what]
    picture = Image.open(io.BytesIO(pictures.thumbnail(body, name)))
    assert picture.format == "WEBP"
    assert picture.size == (40, 20)
    assert getattr(picture, "n_frames", 1) == 1
    if "colours" not in what and "grey" not in what and "print" not in what:
        pixel = picture.convert("RGB").getpixel((30, 15))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) < 30 for a, b in zip(pixel, photos.COLOUR, strict=True))


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off() -> None:
    half = Image.frombytes("I;16", (10, 10), b"\x00\x80" * 100)
    picture = Image.open(
        io.BytesIO(pictures.thumbnail(photos.encoded(half, "PNG"), "a.png"))
    )
    assert all(abs(grey - 128) < 4 for grey in picture.convert("L").tobytes())


SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'
)
REJECTED = {
    "nothing": (b"", "a.jpg", pictures.EMPTY),
    "SVG": (SVG, "a.svg", pictures.SVG),
    "SVG under the name of a JPEG": (SVG, "a.jpg", pictures.SVG),
    "SVG in UTF-16": (SVG.decode().encode("utf-16"), "a.png", pictures.SVG),
    "a page": (b"<!doctype html><script>1</script>", "a.jpg", pictures.UNSUPPORTED),
    "GIF": (photos.encoded(photos.drawn(mode="P"), "GIF"), "a.gif", pictures.GIF),
    "GIF as a JPEG": (photos.encoded(photos.drawn(mode="P"), "GIF"), "a.jpg", pictures.GIF),
    "BMP": (photos.encoded(photos.drawn(), "BMP"), "a.png", pictures.UNSUPPORTED),
    "TIFF": (photos.encoded(photos.drawn(), "TIFF"), "a.jpg", pictures.UNSUPPORTED),
    "HEIC": (b"\x00\x00\x00\x18ftypheic" + bytes(100), "a.heic", pictures.HEIC),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a.jpg", pictures.UNSUPPORTED),
    "a picture and a page": (
        JPEG + b"<html><script>alert(1)</script>",
        "a.jpg",
        pictures.POLYGLOT,
    ),
    "a program in the comment": (
        photos.encoded(photos.drawn(), "JPEG", comment=b"<?php system($_GET[0]); ?>"),
        "a.jpg",
        pictures.POLYGLOT,
    ),
    "a picture and an archive": (photos.with_archive(PNG), "a.png", pictures.POLYGLOT),
    "a picture and a PDF": (PNG + b"\n%PDF-1.7\n", "a.png", pictures.POLYGLOT),
    "a PNG named JPEG": (PNG, "a.jpg", pictures.WRONG_SUFFIX),
    "a JPEG named HTML": (JPEG, "a.html", pictures.WRONG_SUFFIX),
    "a JPEG with a second name": (JPEG, "a.jpg.svg", pictures.WRONG_SUFFIX),
    "a JPEG without a name": (JPEG, "photo", pictures.WRONG_SUFFIX),
    "a bomb": (photos.bomb(), "a.png", pictures.TOO_MANY_PIXELS),
    "a WebP of a quarter of a billion": (
        photos.webp_header(16_000, 16_000),
        "a.webp",
        pictures.TOO_MANY_PIXELS,
    ),
    "a wide one": (
        photos.webp_header(1 << 24, 1 << 24),
        "a.webp",
        pictures.TOO_MANY_PIXELS,
    ),
    "half a JPEG": (photos.photo()[:4000], "a.jpg", pictures.DAMAGED),
    "half a PNG": (
        photos.encoded(photos.drawn(400, 400), "PNG")[:200],
        "a.png",
        pictures.DAMAGED,
    ),
    "the head of a WebP": (photos.webp_header(10, 10), "a.webp", pictures.DAMAGED),
    "a word": (b"\xff\xd8\xff", "a.jpg", pictures.DAMAGED),
    "too many bytes": (JPEG + bytes(pictures.LARGEST), "a.jpg", pictures.TOO_LARGE),
}


@pytest.mark.clause("3.2.6")
@pytest.mark.parametrize("what", REJECTED)
def test_it_is_rejected_with_a_message(what: str) -> None:
    body, name, words = REJECTED[what]
    with pytest.raises(AccountError) as refused:
        pictures.thumbnail(body, name)
    assert refused.value.field == "picture"
    assert refused.value.message is words


def test_a_bomb_is_refused_at_once_and_in_little_memory() -> None:
    body = photos.bomb()
    assert len(body) < 60_000
    with pytest.raises(AccountError):
        pictures.thumbnail(body, "a.png")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    with pytest.raises(AccountError):
        pictures.thumbnail(body, "a.png")
    assert time.process_time() - begun < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def answer(body: bytes, name: str) -> bytes | None:
    """Return the picture of a file, or None where it is rejected."""
    try:
        return pictures.thumbnail(body, name)
    except AccountError:
        return None


@settings(max_examples=150)
@given(st.data())
def test_damaged_files_get_an_error_message(data: st.DataObject) -> None:
    """Randomly damaged pictures give a picture or an AccountError, nothing else."""
    body, name = ACCEPTED[data.draw(st.sampled_from(sorted(ACCEPTED)))]
    broken = bytearray(body)
    places = st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=12)
    for place in data.draw(places):
        broken[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    for sample in (bytes(broken), bytes(broken[:cut])):
        out = answer(sample, name)
        assert out is None or max(Image.open(io.BytesIO(out)).size) <= pictures.SIDE

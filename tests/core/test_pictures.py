"""Uploaded files become a sanitised picture or get an error message (3.2.6)."""

import io
import resource
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from neupusti.core import pictures
from neupusti.core.pictures import MEGABYTE, PictureError
from tests import photos

LARGEST, SIDE = 5 * MEGABYTE, 512

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


def thumbnail(body: bytes, name: str) -> bytes:
    """Return a file as a WebP of at most 512 pixels a side."""
    picture = pictures.fitted(body, name, largest=LARGEST, box=(SIDE, SIDE))
    return pictures.webp(picture, 82)


@pytest.mark.parametrize("what", ACCEPTED)
def test_it_is_accepted_without_animation(what: str) -> None:
    body, name = ACCEPTED[what]
    picture = Image.open(io.BytesIO(thumbnail(body, name)))
    assert picture.format == "WEBP"
    assert picture.size == (40, 20)
    assert getattr(picture, "n_frames", 1) == 1
    if "colours" not in what and "grey" not in what and "print" not in what:
        pixel = picture.convert("RGB").getpixel((30, 15))
        assert isinstance(pixel, tuple)
        assert all(abs(a - b) < 30 for a, b in zip(pixel, photos.COLOUR, strict=True))


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off() -> None:
    half = Image.frombytes("I;16", (10, 10), b"\x00\x80" * 100)
    picture = Image.open(io.BytesIO(thumbnail(photos.encoded(half, "PNG"), "a.png")))
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
    "too many bytes": (JPEG + bytes(LARGEST), "a.jpg", pictures.too_large(LARGEST)),
}


@pytest.mark.clause("3.2.6")
@pytest.mark.parametrize("what", REJECTED)
def test_it_is_rejected_with_a_message(what: str) -> None:
    body, name, words = REJECTED[what]
    with pytest.raises(PictureError) as refused:
        thumbnail(body, name)
    assert refused.value.message == words


def test_a_bomb_is_refused_at_once_and_in_little_memory() -> None:
    body = photos.bomb()
    assert len(body) < 60_000
    with pytest.raises(PictureError):
        thumbnail(body, "a.png")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    with pytest.raises(PictureError):
        thumbnail(body, "a.png")
    assert time.process_time() - begun < 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def answer(body: bytes, name: str) -> bytes | None:
    """Return the picture of a file, or None where it is rejected."""
    try:
        return thumbnail(body, name)
    except PictureError:
        return None


@settings(max_examples=150)
@given(st.data())
def test_damaged_files_get_an_error_message(data: st.DataObject) -> None:
    """Randomly damaged pictures give a picture or an PictureError, nothing else."""
    body, name = ACCEPTED[data.draw(st.sampled_from(sorted(ACCEPTED)))]
    broken = bytearray(body)
    places = st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=12)
    for place in data.draw(places):
        broken[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    for sample in (bytes(broken), bytes(broken[:cut])):
        out = answer(sample, name)
        assert out is None or max(Image.open(io.BytesIO(out)).size) <= SIDE


@pytest.mark.situation(31)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright(orientation: int) -> None:
    """The corner that the camera's flag puts at the left above is there in the result."""
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = orientation
    upright = photos.drawn(800, 400)
    back = pictures.TRANSPOSITIONS.get({6: 8, 8: 6}.get(orientation, orientation))
    stored = upright.transpose(back) if back is not None else upright
    body = photos.encoded(stored, "JPEG", exif=exif.tobytes())
    picture = pictures.fitted(body, "a.jpg", largest=LARGEST, box=(320, 640))
    assert picture.size == (320, 160)
    corner, middle = picture.getpixel((5, 5)), picture.getpixel((160, 120))
    assert isinstance(corner, tuple)
    assert isinstance(middle, tuple)
    for seen, wanted in ((corner, photos.CORNER), (middle, photos.COLOUR)):
        assert all(abs(a - b) < 30 for a, b in zip(seen, wanted, strict=True))


def swapped() -> bytes:
    """Return a colour profile that is sRGB with red and green swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        profile.replace(b"rXYZ", b"tXYZ")
        .replace(b"gXYZ", b"rXYZ")
        .replace(b"tXYZ", b"gXYZ")
    )


def test_colours_are_converted_by_their_profile() -> None:
    body = photos.encoded(photos.drawn(), "PNG", icc_profile=swapped())
    picture = pictures.fitted(body, "a.png", largest=LARGEST, box=(40, 40))
    pixel = picture.getpixel((30, 15))
    assert isinstance(pixel, tuple)
    red, green, blue = photos.COLOUR
    assert all(abs(a - b) < 6 for a, b in zip(pixel, (green, red, blue), strict=True))
    assert picture.info == {}


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_a_broken_profile_is_left_out(mode: str) -> None:
    for profile in (b"no profile", swapped()[:200], b"\0" * 500):
        drawn = photos.drawn(mode=mode)
        with_it = photos.encoded(drawn, "PNG", icc_profile=profile)
        assert thumbnail(with_it, "a.png") == thumbnail(
            photos.encoded(drawn, "PNG"), "a.png"
        )


def test_a_jpeg_is_white_where_the_picture_is_transparent() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    made = Image.open(io.BytesIO(pictures.jpeg(clear, 82)))
    assert (made.format, made.getpixel((20, 20))) == ("JPEG", (255, 255, 255))

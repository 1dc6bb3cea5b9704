"""Turn an uploaded file into a sanitised picture (3.2.6).

The format is detected from the bytes and must match the file name; the dimensions are read
from the header before decoding. What is stored is encoded again from the pixels: upright,
in sRGB, without EXIF, location, camera or anything appended to the file.
"""

import io
import re
import struct
import zlib
from pathlib import PurePath
from zipfile import is_zipfile

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from PIL import Image, ImageCms
from PIL.Image import Transpose
from PIL.ImageFile import ImageFile

from neupusti.core import webp_pixels

MEGABYTE = 1024 * 1024
PIXELS = 25_000_000
WEBP_MIMETYPE, JPEG_MIMETYPE = "image/webp", "image/jpeg"
SUFFIXES = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jfif"}),
    "PNG": frozenset({".png"}),
    "WEBP": frozenset({".webp"}),
}
ACCEPT = ",".join(sorted(suffix for group in SUFFIXES.values() for suffix in group))
SNIFFED_BYTES = 1024
STRIP = 64
"""Rows that are converted at a time."""
REDUCED = 2
"""How many times as large as wanted a JPEG is decoded at least."""
PREMULTIPLIED = "RGBa"
"""The mode in which transparent pixels do not colour their neighbours."""
PROFILED_MODES = frozenset({"L", "RGB", "RGBA", "CMYK"})
"""Modes whose colours a profile can describe."""
ORIENTATION = 0x0112
TRANSPOSITIONS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
SIDEWAYS = range(5, 9)
"""The orientations that swap width and height."""
POLYGLOT_MARKERS = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|\?php)[\s>]|%PDF-1|%PDF-2",
    re.IGNORECASE,
)
"""Byte sequences by which other programs take a file for HTML, PHP or PDF."""
DECODER_ERRORS = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, OverflowError),
    *(ZeroDivisionError, AttributeError, struct.error, zlib.error),
)
"""What a decoder may raise for a damaged file."""

EMPTY = _("Choose a file.")
UNSUPPORTED = _("We cannot take this kind of image. Send a JPEG, a PNG or a WebP.")
SVG = _("SVG is a drawing that can carry programs. Send a JPEG, a PNG or a WebP.")
GIF = _("We do not take GIF. Save the image as JPEG, PNG or WebP and send that.")
HEIC = _("We do not take HEIC or AVIF. Save the image as JPEG and send that.")
POLYGLOT = _(
    "This file is an image and something else at once. Save the image again as JPEG or "
    "PNG and send that."
)
WRONG_SUFFIX = _(
    "The file's name says one kind of image and its contents another. Save it again as "
    "JPEG, PNG or WebP and send that."
)
TOO_MANY_PIXELS = _(
    "The image has more than 25 million pixels. Make it smaller and send that."
)
DAMAGED = _("The file is damaged or incomplete. Save the image again and send that.")


class PictureError(Exception):
    """A file that is no picture we take; the message is shown to the person."""

    def __init__(self, message: LazyString) -> None:
        super().__init__("a refused picture")
        self.message = message


def too_large(largest: int) -> LazyString:
    """Return the message for a file of more than `largest` bytes."""
    megabytes = largest // MEGABYTE
    return _("The file is larger than %(number)s MB. Send a smaller one.", number=megabytes)


def fitted(
    body: bytes, file_name: str, *, largest: int, box: tuple[int, int]
) -> Image.Image:
    """Return the first frame of a file, upright and within `box` (width, height) pixels.

    The result is RGB or RGBA in sRGB and carries no metadata; it is never enlarged. Raise
    PictureError for more than `largest` bytes, and for what is not a picture we take.
    """
    if len(body) > largest:
        raise PictureError(too_large(largest))
    kind = _detect_format(body)
    if PurePath(file_name).suffix.lower() not in SUFFIXES[kind]:
        raise PictureError(WRONG_SUFFIX)
    if POLYGLOT_MARKERS.search(body) or is_zipfile(io.BytesIO(body)):
        raise PictureError(POLYGLOT)
    if kind == "WEBP":
        # Pillow allocates memory for a whole WebP when it opens one.
        _check_size(*_webp_size(body))
    try:
        with Image.open(io.BytesIO(body), formats=[kind]) as picture:
            _check_size(*picture.size)
            return _sanitised(picture, box)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(TOO_MANY_PIXELS) from None
    except DECODER_ERRORS:
        raise PictureError(DAMAGED) from None


def webp(picture: Image.Image, quality: int) -> bytes:
    """Return `picture` as a WebP."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return `picture` as a JPEG, on white where it is transparent."""
    if picture.mode == "RGBA":
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _detect_format(body: bytes) -> str:
    """Return the format by the first bytes; raise PictureError for unsupported ones."""
    if not body:
        raise PictureError(EMPTY)
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body.startswith(b"GIF8"):
        raise PictureError(GIF)
    if body[4:8] == b"ftyp":
        raise PictureError(HEIC)
    plain = body[:SNIFFED_BYTES].replace(b"\x00", b"").lower()
    raise PictureError(SVG if b"<svg" in plain else UNSUPPORTED)


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS:
        raise PictureError(TOO_MANY_PIXELS)
    if not width or not height:
        raise PictureError(DAMAGED)


def _webp_size(body: bytes) -> tuple[int, int]:
    """Return the size in the header of a WebP (RFC 9649, 2.5-2.7); raise PictureError."""
    head = body[12:30]
    if head[:4] == b"VP8X" and len(head) == 18:  # noqa: PLR2004 - its header
        width, height = head[12:15], head[15:18]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if head[:4] == b"VP8L" and head[8:9] == b"\x2f":
        bits = int.from_bytes(head[9:13], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[:4] == b"VP8 " and head[11:14] == b"\x9d\x01\x2a":
        width, height = head[14:16], head[16:18]
        return (
            int.from_bytes(width, "little") & 0x3FFF,
            int.from_bytes(height, "little") & 0x3FFF,
        )
    raise PictureError(DAMAGED)


def _sanitised(picture: ImageFile, box: tuple[int, int]) -> Image.Image:
    """Return the first frame of `picture`, resized, in sRGB, upright and bare."""
    orientation = _orientation(picture)
    resized = _resized(picture, box[::-1] if orientation in SIDEWAYS else box)
    plain = _to_rgb(_to_srgb(resized))
    if orientation in TRANSPOSITIONS:
        plain = plain.transpose(TRANSPOSITIONS[orientation])
    # From raw pixels: metadata the decoder kept is dropped.
    return Image.frombytes(plain.mode, plain.size, plain.tobytes())


def _resized(picture: ImageFile, box: tuple[int, int]) -> Image.Image:
    """Return `picture` within `box`; a JPEG is decoded at a reduced size.

    It is converted and narrowed in strips of rows, so that no second large one is held.
    """
    scale = min(1, box[0] / picture.width, box[1] / picture.height)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    picture.draft(None, (REDUCED * width, REDUCED * height))
    mode = _resizable_mode(picture)
    pixels: Image.Image = picture
    if picture.format == "WEBP":
        pixels = webp_pixels.decoded(picture)
    # First: the decoder of a progressive JPEG needs memory only until then.
    pixels.load()
    narrow = Image.new(mode, (width, picture.height))
    for top in range(0, picture.height, STRIP):
        end = min(top + STRIP, picture.height)
        strip = pixels.crop((0, top, picture.width, end))
        if mode == PREMULTIPLIED:
            strip = strip.convert("RGBA")
        small = strip.convert(mode).resize((width, end - top), Image.Resampling.LANCZOS)
        narrow.paste(small, (0, top))
    resized = narrow.resize((width, height), Image.Resampling.LANCZOS)
    if mode == PREMULTIPLIED:
        resized = resized.convert("RGBA")
    if profile := picture.info.get("icc_profile"):
        resized.info["icc_profile"] = profile
    return resized


def _resizable_mode(picture: Image.Image) -> str:
    """Return the mode in which a picture is resampled without loss."""
    if picture.mode.startswith("I"):
        return "I"
    if picture.has_transparency_data:
        return PREMULTIPLIED
    return picture.mode if picture.mode in PROFILED_MODES else "RGB"


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Return `picture` in sRGB; one whose colour profile is missing or broken, as it is."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in PROFILED_MODES:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(picture, own, srgb, outputMode=mode)
    except (ImageCms.PyCMSError, *DECODER_ERRORS):
        return picture
    return changed or picture


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Return `picture` as RGB, or as RGBA if it has an alpha channel."""
    if picture.mode == "I":
        # 16-bit grey: converting alone would truncate instead of scaling.
        picture = picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGBA" if "A" in picture.getbands() else "RGB")


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation; 1, upright, if missing or unreadable."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1

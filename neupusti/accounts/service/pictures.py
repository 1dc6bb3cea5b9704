"""Turning the file that somebody sends into a small picture that is only a picture (3.2.6).

The bytes say what a file is, its name has to agree, and the size is read from the header
before anything is decoded. What comes out is drawn anew from the pixels: no EXIF, no place
and no camera, nothing that was hidden in the file or behind it.
"""

import io
import re
import struct
import zlib
from pathlib import PurePath
from zipfile import is_zipfile

from flask_babel import lazy_gettext as _
from PIL import Image
from PIL.Image import Transpose

from neupusti.accounts.service.errors import AccountError

FIELD = "picture"
LARGEST = 5 * 1024 * 1024
"""Bytes of a file."""
PIXELS = 25_000_000
SIDE = 512
"""The longer side of what is kept."""
QUALITY = 82
MIMETYPE = "image/webp"
SUFFIXES = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jfif"}),
    "PNG": frozenset({".png"}),
    "WEBP": frozenset({".webp"}),
}
ACCEPT = ",".join(sorted(suffix for group in SUFFIXES.values() for suffix in group))
HEAD = 1024
SMOOTH = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
"""Modes whose pixels can be averaged; the others are turned into one of them first."""
ORIENTATION = 0x0112
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
ALSO = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|\?php)[\s>]|%PDF-1|%PDF-2",
    re.IGNORECASE,
)
"""What makes a picture something else too, for a program that wants to see it so."""
DAMAGE = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, OverflowError),
    *(ZeroDivisionError, AttributeError, struct.error, zlib.error),
)
"""All that a decoder may say of a broken file."""

EMPTY = _("Choose a file.")
HEAVY = _("The file is larger than 5 MB. Send a smaller one.")
NOT_ONE = _("This is no picture we can take. Send a JPEG, a PNG or a WebP.")
SVG = _("SVG is a drawing that can carry programs. Send a JPEG, a PNG or a WebP.")
GIF = _("GIF is not taken. Save the picture as JPEG, PNG or WebP and send that.")
HEIC = _("HEIC and AVIF are not taken. Save the picture as JPEG and send that.")
TWO_THINGS = _(
    "This file is a picture and something else at once. "
    "Save the picture anew as JPEG or PNG and send that."
)
NAMED_WRONG = _(
    "The name of the file says one kind of picture and its contents another. "
    "Save it anew as JPEG, PNG or WebP and send that."
)
VAST = _("The picture has more than 25 million pixels. Make it smaller and send that.")
DAMAGED = _("The file is damaged or was cut short. Save the picture anew and send that.")


def small(body: bytes, file_name: str) -> bytes:
    """Return the picture of `body` as a WebP of at most 512 pixels a side; raise Fault."""
    kind = _kind(body)
    if PurePath(file_name).suffix.lower() not in SUFFIXES[kind]:
        raise AccountError(FIELD, NAMED_WRONG)
    if ALSO.search(body) or is_zipfile(io.BytesIO(body)):
        raise AccountError(FIELD, TWO_THINGS)
    if kind == "WEBP":
        # Pillow sets memory aside for the whole of a WebP when it opens one.
        _check_size(*_webp_size(body))
    try:
        with Image.open(io.BytesIO(body), formats=[kind]) as picture:
            _check_size(*picture.size)
            return _drawn(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise AccountError(FIELD, VAST) from None
    except DAMAGE:
        raise AccountError(FIELD, DAMAGED) from None


def _kind(body: bytes) -> str:
    """Return what the first bytes say a file is; raise Fault with the reason why not."""
    if not body:
        raise AccountError(FIELD, EMPTY)
    if len(body) > LARGEST:
        raise AccountError(FIELD, HEAVY)
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "WEBP"
    if body.startswith(b"GIF8"):
        raise AccountError(FIELD, GIF)
    if body[4:8] == b"ftyp":
        raise AccountError(FIELD, HEIC)
    plain = body[:HEAD].replace(b"\x00", b"").lower()
    raise AccountError(FIELD, SVG if b"<svg" in plain else NOT_ONE)


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS:
        raise AccountError(FIELD, VAST)
    if not width or not height:
        raise AccountError(FIELD, DAMAGED)


def _webp_size(body: bytes) -> tuple[int, int]:
    """Return the size a WebP says it has (RFC 9649, 2.5 to 2.7); raise Fault."""
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
    raise AccountError(FIELD, DAMAGED)


def _drawn(picture: Image.Image) -> bytes:
    """Return the first frame of `picture` as a WebP that holds pixels and nothing else."""
    turn = TURNS.get(_orientation(picture))
    plain = _plain(_reduced(picture))
    if turn is not None:
        plain = plain.transpose(turn)
    # Out of bare pixels: whatever else the decoder carried along stays behind.
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _reduced(picture: Image.Image) -> Image.Image:
    """Return `picture` made small; a JPEG is decoded small at once."""
    if picture.mode.startswith("I"):
        picture = picture.convert("I")
    elif picture.mode not in SMOOTH or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _plain(picture: Image.Image) -> Image.Image:
    """Return `picture` as RGB, or as RGBA where it lets something through."""
    if picture.mode == "I":
        # Sixteen bits of grey: converting alone would cut them off instead of scaling them.
        picture = picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGBA" if "A" in picture.getbands() else "RGB")


def _orientation(picture: Image.Image) -> int:
    """Return how the camera was held; 1, upright, where the file says nothing readable."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except DAMAGE:
        return 1

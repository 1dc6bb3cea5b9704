"""Image files as people and attackers upload them."""

import io
import struct
import zipfile
import zlib
from random import Random
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, Base

from neupusti.core.data import files

COLOUR, CORNER = (200, 40, 60), (10, 200, 30)
LOCATION = b"43.2389, 76.8897"


def drawn(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    """Return a picture whose left upper corner has a colour of its own."""
    picture = Image.new("RGB", (width, height), COLOUR)
    picture.paste(CORNER, (0, 0, width // 4, height // 4))
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def photo() -> bytes:
    """Return a JPEG as a phone makes it: rotated, with EXIF location and camera."""
    exif = Image.Exif()
    exif[Base.Make.value] = "Telefon 15"
    exif[Base.Orientation.value] = 6
    gps = exif.get_ifd(Base.GPSInfo.value)
    gps[GPS.GPSLatitudeRef.value] = "N"
    gps[GPS.GPSLatitude.value] = (43.0, 14.0, 20.0)
    gps[GPS.GPSAreaInformation.value] = LOCATION
    exif[Base.UserComment.value] = LOCATION
    return encoded(drawn(800, 600), "JPEG", exif=exif.tobytes(), comment=LOCATION)


def large() -> bytes:
    """Return a JPEG of some 3 MB of noise, which does not compress."""
    pixels = Random(7).randbytes(2100 * 1500 * 3)  # noqa: S311 - no secret
    noise = Image.frombytes("RGB", (2100, 1500), pixels)
    return encoded(noise, "JPEG", quality=92)


def animated(kind: str) -> bytes:
    """Return an animation: red, then blue."""
    second = Image.new("RGB", (40, 20), (0, 0, 255))
    return encoded(drawn(), kind, save_all=True, append_images=[second], duration=100)


def bomb() -> bytes:
    """Return a PNG of 400 million pixels in less than 60 KB."""
    side = 20_000
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    return png(struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), data)


def png(header: bytes, data: bytes) -> bytes:
    """Return a PNG of a header and compressed rows."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body))
            + name
            + body
            + struct.pack(">I", zlib.crc32(name + body))
        )

    parts = chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def webp_header(width: int, height: int) -> bytes:
    """Return the header of a WebP that claims these dimensions."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_archive(picture: bytes) -> bytes:
    """Return a picture that is also a ZIP archive."""
    out = io.BytesIO(picture)
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("evil.class", b"x" * 100)
    return out.getvalue()


def opened(kind: str, name: str) -> Image.Image:
    """Return a stored picture."""
    return Image.open(io.BytesIO(files.read(kind, name)))

"""Decode a WebP straight into the memory of a picture.

Pillow decodes it as an animation, and holds it four times on the way: 190 MiB of one that
has 12 million pixels. The library that Pillow is linked with can do without.
"""

import ctypes

from PIL import Image, _webp
from PIL.ImageFile import ImageFile

LIBRARY = ctypes.CDLL(_webp.__file__)
PIXEL_BYTES = 4


def decoded(picture: ImageFile) -> Image.Image:
    """Return the pixels of an opened WebP, as RGBA.

    One that the library cannot decode in this way, an animation or a damaged file, is
    returned as it is.
    """
    decode = getattr(LIBRARY, "WebPDecodeRGBAInto", None)
    if decode is None or picture.fp is None:
        return picture
    decode.restype = ctypes.c_void_p
    picture.fp.seek(0)
    body = picture.fp.read()
    row = PIXEL_BYTES * picture.width
    pixels = bytearray(row * picture.height)
    target = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    sizes = ctypes.c_size_t(len(body)), target, ctypes.c_size_t(len(pixels))
    if not decode(body, *sizes, ctypes.c_int(row)):
        return picture
    return Image.frombuffer("RGBA", picture.size, pixels, "raw", "RGBA", 0, 1)

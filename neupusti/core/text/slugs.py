"""Addresses of pages made from names: «Қазақстан өрік» becomes `qazaqstan-orik`.

A table of our own for the 42 letters of Kazakh and Russian: the libraries lose Ә.
"""

import re
import unicodedata
from collections.abc import Collection

LETTERS = {
    **dict(zip("аәбвгғдеёзийкқлмнңоөпр", "aabvggdeeziykqlmnnoopr", strict=True)),
    **dict(zip("стуұүфхһыіэ", "stuuufhhyie", strict=True)),
    "ж": "zh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ю": "yu",
    "я": "ya",
    "ъ": "",
    "ь": "",
}
LONGEST = 70
"""Characters; a column of 80 has room for a number after them."""
SHAPE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug(name: str) -> str:
    """Return the part of an address for `name`: `[a-z0-9-]`, or "" without any letter."""
    text = "".join(
        LETTERS.get(letter, letter)
        for letter in unicodedata.normalize("NFC", name).casefold()
    )
    # Letters of other languages lose their marks: ü becomes u.
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))
    return words[:LONGEST].rstrip("-")


def free(base: str, taken: Collection[str]) -> str:
    """Return `base`, or with the first number from 2 that makes it new: `base-2`."""
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found


def same_base(one: str, base: str) -> bool:
    """Return whether `one` is `base`, or `base` with a number."""
    return re.fullmatch(rf"{re.escape(base)}(?:-[0-9]+)?", one) is not None

"""Generate requests of random junk, as WSGI environments."""

import random
from collections.abc import Iterator
from typing import Any

from werkzeug.test import EnvironBuilder

from tests.access import logs

LEADING = 2
PIECES = [
    *(
        text.encode()
        for text in (
            "<evil onevil=1>", '"><img evil src=x onerror=evil()>', "javascript:evil()",
            "</table></svg><evil>", "' evil='1", "=cmd|' /C evil'!A0", "+evil", "-1",
            "@evil", "{{ evil }}", "{% evil %}", "%n%(evil)s", "' OR 1=1 --",
            "\u202eevil\u2066",
            "evil\u0085\u2028", "a" * 600, "\N{GRINNING FACE}" * 90, "ё" * 300, "＝evil",
            "Mozilla/5.0 (", "Googlebot/2.1", "Android ", "((((", ";" * 90, "https://",
            "//", "../..", "visitor=", "__Host-visitor=", "; ", "=", "&evil;",
            "%00%0a", "%",
        )
    ),
    b"\t", b"\r", b"\n", b"\x00", b"\x1b[31m", b"\x7f", b"\xff\xfe", b"\xed\xa0\x80", b" ",
    *(bytes((byte,)) for byte in range(128, 256, 9)),
]  # fmt: skip
SPOOFED = (
    "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_CF_CONNECTING_IP", "HTTP_X_REAL_IP",
    "HTTP_TRUE_CLIENT_IP", "HTTP_X_FORWARDED_PROTO", "HTTP_X_CLIENT_IP",
)  # fmt: skip


def junk(dice: random.Random, most: int = 4) -> str:
    """Return junk bytes as a WSGI string.

    A third are one of the first pieces, so that these are at the top of every list.
    """
    if dice.random() < 1 / 3:
        return dice.choice(PIECES[:LEADING]).decode("latin-1")
    some = b"".join(dice.choice(PIECES) for _ in range(dice.randrange(most + 1)))
    return some.decode("latin-1")


def requests(count: int) -> Iterator[dict[str, Any]]:
    """Yield environments in which every field may be junk."""
    dice = random.Random(29)
    plain = EnvironBuilder("/").get_environ()
    plain["REMOTE_ADDR"] = "198.51.100.7"
    for _ in range(count):
        environ = dict(plain)
        environ["PATH_INFO"] = "/" + junk(dice)
        environ["QUERY_STRING"] = junk(dice, 2)
        environ["REQUEST_METHOD"] = dice.choice(("GET", "GET", "POST", junk(dice, 1)))
        environ["HTTP_USER_AGENT"] = dice.choice((junk(dice, 6), dice.choice(logs.PEOPLE)))
        environ["HTTP_REFERER"] = dice.choice(("", "https://", "http://a.example/")) + junk(
            dice
        )
        environ["HTTP_COOKIE"] = junk(dice)
        environ["HTTP_HOST"] = dice.choice(("localhost", junk(dice, 1)))
        environ |= {name: dice.choice(("9.9.9.9", junk(dice, 2))) for name in SPOOFED}
        yield environ

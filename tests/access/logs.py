"""Generate a realistic log: people, crawlers, scanners, brute force, spam, odd bytes."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Linux; arm_64; Android 14; 23090RA98G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.8.3.139.00 SA/3 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
]  # fmt: skip
CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
]  # fmt: skip
SCANNERS = [b"-", b"", b"curl/8.5.0", b"sqlmap/1.9", b"Mozilla/5.0 zgrab/0.x"]
REFERRERS = [
    *("-",) * 8, "https://www.google.com/", "https://yandex.kz/search/?text=x", "https://t.me/neupusti",
    "https://kaspi.kz/shop/", "https://chatgpt.com/", "http://semalt.com/free?x=1", "https://ok.ru/a",
]  # fmt: skip
PAGES = [
    "/",
    "/catalog/",
    "/policy/",
    "/cart/",
    "/search?q=%D1%87%D0%B0%D0%B9",
    *(f"/product/goods-{n}" for n in range(300)),
]
PROBES = [
    "/wp-login.php",
    "/.env",
    "/.git/config",
    "/phpmyadmin/",
    "/../../etc/passwd",
    "/vendor/phpunit/eval-stdin.php",
]
GARBAGE = [
    rb"\x16\x03\x01\x00\xEE", b"", b"-", b"GET", b"HELP", b"GET /\xff\xfe\xfa HTTP/1.1",
    rb'GET /a\"b HTTP/1.1', b"POST /a b c HTTP/1.1",
]  # fmt: skip
MALFORMED = [
    b"",
    b"# a comment",
    b"torn",
    b'1.2.3.4 - - [20/Foo/2026:10:00:00 +0500] "GET / HTTP/1.1" 200 1 "-" "U"',
    b'nobody - - [20/Nov/2026:10:00:00 +0500] "GET / HTTP/1.1" 200 1 "-" "U"',
    b'1.2.3.4 - - [20/Nov/2026:10:00:00 +0500] "GET / HTTP/1.1" 999 1 "-" "U"',
    b'1.2.3.4 - - [20/Nov/2026:10:00:00 +0500] "GET / HTTP/1.1" 200 1',
]
ZONE = timedelta(hours=5)


def lines(number: int, last: datetime, *, seed: int = 1, days: int = 7) -> Iterator[bytes]:
    """Yield `number` lines of a combined log that ends at `last`, in Almaty's zone."""
    dice = random.Random(seed)
    addresses = [
        str(IPv4Address(dice.randrange(0x01000000, 0xDF000000)))
        for _ in range(max(20, number // 15))
    ]
    addresses += [
        str(IPv6Address(0x2A00_1450 << 96 | dice.getrandbits(64)))
        for _ in range(len(addresses) // 5)
    ]
    step = timedelta(days=days) / number
    for at in range(number):
        moment = last - (number - 1 - at) * step
        yield _line(dice, addresses, moment)


def _line(dice: random.Random, addresses: list[str], moment: datetime) -> bytes:
    kind = dice.random()
    if kind < 0.003:
        return dice.choice(MALFORMED)
    stamp = (moment.astimezone(UTC) + ZONE).strftime("%d/%b/%Y:%H:%M:%S +0500").encode()
    some = addresses[: len(addresses) // 8] if dice.random() < 0.5 else addresses
    ip = dice.choice(some).encode()
    method, path, status, agent, referrer = _request(dice, kind, ip)
    request = b"%s %s HTTP/1.1" % (method, path.encode())
    if dice.random() < 0.004:
        request = dice.choice(GARBAGE)
    size = b"-" if status == 304 else str(dice.randrange(200, 60_000)).encode()
    values = (ip, stamp, request, status, size, referrer, agent)
    return b'%s - - [%s] "%s" %d %s "%s" "%s"' % values


def _request(
    dice: random.Random, kind: float, ip: bytes
) -> tuple[bytes, str, int, bytes, bytes]:
    """Return a request of a crawler, a scanner or a person."""
    path, status = dice.choice(PAGES), 200
    agent = PEOPLE[stable_hash(ip) % len(PEOPLE)].encode()
    referrer = dice.choice(REFERRERS).encode()
    if kind < 0.15:
        status = dice.choice((200, 200, 200, 304, 404))
        return b"GET", path, status, dice.choice(CRAWLERS).encode(), b"-"
    if kind < 0.25:
        path, status = (
            f"{dice.choice(PROBES)}?{kind:.3f}",
            dice.choice((404, 403, 400, 499)),
        )
        return b"GET", path, status, dice.choice(SCANNERS), referrer
    if kind < 0.30:
        return b"POST", "/account/login", dice.choice((401, 422, 303)), agent, referrer
    if kind < 0.32:
        agent = b"Mozilla/5.0 \xd0\x9f\xff" + str(dice.randrange(40)).encode()
    elif kind < 0.34:
        status = dice.choice((500, 503, 301, 304, 206))
    return b"GET", path, status, agent, referrer


def stable_hash(text: bytes) -> int:
    """Return a hash that is the same in every run, unlike Python's."""
    return sum(text) * 31 + len(text)

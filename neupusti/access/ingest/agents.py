"""Parse user agents: browser, operating system, device, and whether it is a robot."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import ua_parser
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

NAME_LIMIT = 60
REASON_LIMIT = 120
PATTERNS_AT_ONCE = 50
OTHER = "Other"
NONE, DECLARED, SUSPECTED, FORGED = "none", "declared", "suspected", "forged"
SCANNER = "scanner"
"""The class of an address by what it did on a day, whatever it calls itself."""
SELF_NAMED, IN_LIST, FORGED_NAME = "self:", "listed:", "forged:"
"""Prefixes of reasons that name a robot, a pattern of the list, or a forged crawler.

Reasons are stored as codes; pages translate them.
"""

TABLET = re.compile(r"iPad|Tablet|Kindle|Silk/|PlayBook|Nexus (?:7|9|10)\b|SM-T\d|SM-X\d")
PHONE_SYSTEMS = frozenset({
    "Android", "iOS", "Windows Phone", "BlackBerry OS", "Firefox OS", "KaiOS", "Tizen",
    "Symbian OS", "HarmonyOS",
})  # fmt: skip
PHONE = re.compile(
    r"Mobile|Phone|Opera Mini|Opera Mobi|Symbian|MIDP|BlackBerry|webOS|Nokia"
)
TELEVISION = re.compile(
    r"SMART-TV|SmartTV|Smart TV|GoogleTV|Apple ?TV|BRAVIA|HbbTV|NetCast|Web0S|Roku|CrKey"
    r"|AFT[A-Z]"
)
CONSOLE = re.compile(r"PlayStation|PLAYSTATION|Xbox|Nintendo")
SUSPICIOUS = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (
            r"HeadlessChrome|PhantomJS|SlimerJS|Electron/|Puppeteer|Playwright",
            "headless",
        ),
        (r"\bsqlmap|nikto|masscan|zgrab|nuclei|wpscan|dirbuster|gobuster|ffuf", "scanner"),
        (
            r"<script|\bselect\b.+\bfrom\b|\$\{jndi:|\.\./|\(\)\s*\{",
            "attack",
        ),
        (r"^(?:Mozilla/[45]\.0|Mozilla|test|-|\W+)$", "bare"),
    )
)
MIN_LENGTH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """A parsed user agent string. Compared by identity, for speed."""

    browser: str
    os: str
    device: str
    bot: str
    reason: str


@dataclass(frozen=True, slots=True)
class _PatternGroup:
    """Patterns of the list, and one expression of all of them that rules most texts out."""

    whole: re.Pattern[str]
    parts: tuple[re.Pattern[str], ...]


def _pattern_groups() -> tuple[_PatternGroup, ...]:
    patterns = [row["pattern"] for row in CRAWLER_USER_AGENTS_DATA]
    return tuple(
        _PatternGroup(re.compile("|".join(some)), tuple(map(re.compile, some)))
        for at in range(0, len(patterns), PATTERNS_AT_ONCE)
        for some in [patterns[at : at + PATTERNS_AT_ONCE]]
    )


PATTERN_GROUPS = _pattern_groups()
EMPTY = Agent(OTHER, OTHER, "other", SUSPECTED, "empty")


@lru_cache(maxsize=4000)
def parse_agent(text: str) -> Agent:
    """Parse a user agent string. Never raises, whatever the text."""
    if not text or text == "-":
        return EMPTY
    found = ua_parser.parse(text)
    browser = found.user_agent.family if found.user_agent else OTHER
    system = found.os.family if found.os else OTHER
    spider = bool(found.device and found.device.family == "Spider")
    bot, reason = _classify_robot(text, browser, spider=spider)
    device = "robot" if bot == DECLARED else _device(text, system)
    return Agent(
        browser[:NAME_LIMIT], system[:NAME_LIMIT], device, bot, reason[:REASON_LIMIT]
    )


@lru_cache(maxsize=4000)
def as_scanner(agent: Agent, kind: str) -> Agent:
    """Return `agent` as that of a scanner; the reason is the kind of its finding."""
    return replace(agent, bot=SCANNER, reason=kind)


def _classify_robot(text: str, browser: str, *, spider: bool) -> tuple[str, str]:
    if spider:
        return DECLARED, f"{SELF_NAMED}{browser}"
    if pattern := _listed_pattern(text):
        return DECLARED, f"{IN_LIST}{pattern}"
    for expression, reason in SUSPICIOUS:
        if expression.search(text):
            return SUSPECTED, reason
    if len(text) < MIN_LENGTH:
        return SUSPECTED, "short"
    return NONE, ""


def _listed_pattern(text: str) -> str | None:
    for some in PATTERN_GROUPS:
        if some.whole.search(text):
            return next(one.pattern for one in some.parts if one.search(text))
    return None


def _device(text: str, system: str) -> str:
    if TELEVISION.search(text):
        return "television"
    if CONSOLE.search(text):
        return "console"
    if TABLET.search(text) or (system == "Android" and "Mobile" not in text):
        return "tablet"
    if system in PHONE_SYSTEMS or PHONE.search(text):
        return "phone"
    return "other" if system == OTHER else "desktop"

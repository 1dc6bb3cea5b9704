"""Classify paths: static files, files that are not public, ways out of the folder."""

import re
from dataclasses import dataclass
from functools import lru_cache

STATIC = re.compile(
    r"\.(?:css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot"
    r"|mp[34]|webm|ogg|webmanifest)$|/robots\.txt$",
    re.IGNORECASE,
)
"""The paths of what pages are made of, which nobody visits as a page."""
STAFF = re.compile(r"(?:/(?:kk|en))?/admin(?:/|$)")
SIGN_IN = re.compile(r"(?:/(?:kk|en))?/account/(?:login|two-factor|password(?:/reset)?)/?")
SECRET = re.compile(
    r"/\.(?:git|svn|hg|env|aws|ssh|htpasswd|htaccess|DS_Store|vscode|idea|npmrc|docker)"
    r"|/id_rsa|/wp-config|/etc/(?:passwd|shadow)|/proc/self"
    r"|/(?:config|configuration|settings|database|credentials|secrets|docker-compose)"
    r"[^/]*\.(?:ya?ml|ini|bak|old|txt|env|cfg|conf)"
    r"|\.(?:sql|sqlite3?|bak|old|swp|pem|key)$",
    re.IGNORECASE,
)
"""What nobody links to: it is kept from everybody, or should be."""
DOWNLOAD = re.compile(
    r"/(?:config|configuration|settings|database|credentials|secrets|docker-compose)"
    r"[^/]*\.(?:php|json)|\.(?:db|log|tar|tgz|gz|zip|7z|rar)$",
    re.IGNORECASE,
)
"""What may be secret, and may as well be offered: one request for it shows nothing."""
TRAVERSAL = re.compile(
    r"(?:\.\.|%2e%2e|%252e|\.%2e|%2e\.|%c0%ae|\.{3,})(?:[/\\]|%2f|%5c|%255c|%252f|$)|\.\.;/",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a path tells of the request for it."""

    name: str
    """The file name: what follows the last slash."""
    static: bool
    staff: bool
    sign_in: bool
    secret: bool
    sensitive: bool
    traversal: bool
    plain: bool
    """Whether the path alone raises no suspicion."""


@lru_cache(maxsize=20_000)
def traits(path: str) -> Traits:
    """Return what a path tells."""
    sign_in = SIGN_IN.fullmatch(path) is not None
    secret = SECRET.search(path) is not None
    sensitive = secret or DOWNLOAD.search(path) is not None
    traversal = TRAVERSAL.search(path) is not None
    return Traits(
        name=path.rpartition("/")[2],
        static=STATIC.search(path) is not None,
        staff=STAFF.match(path) is not None,
        sign_in=sign_in,
        secret=secret,
        sensitive=sensitive,
        traversal=traversal,
        plain=not (sign_in or sensitive or traversal),
    )

"""The mail service: the server, the sender and the base URL of links."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from neupusti.core.text import domains

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as `NEUPUSTI_SMTP_URL` names it."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Return the server of `smtp+starttls://user:password@host:587`.

        `smtp` is unencrypted, `smtp+starttls` requires STARTTLS, `smtps` is implicit TLS.
        Raise ValueError.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/"):
            raise ValueError("not an address of a mail server")
        return cls(
            parts.scheme,
            _ascii_host(parts.hostname),
            parts.port or PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def __repr__(self) -> str:
        return f"Server({self.scheme}://{self.host}:{self.port})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The mail settings; without a server emails stay in the outbox."""

    server: Server | None
    sender: str
    sender_name: str
    base_url: str

    @property
    def domain(self) -> str:
        """The domain of the sender, used in Message-IDs."""
        return self.sender.rpartition("@")[2]


def _ascii_host(host: str) -> str:
    """Return `host` in ASCII: the socket library implements only IDNA 2003."""
    return host if host.isascii() else domains.encoded(host)

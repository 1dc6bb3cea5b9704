"""Run the proxies of `deploy/` in front of a site; only addresses and paths differ."""

import os
import pwd
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from neupusti.config.values import ROOT
from tests.conftest import missing
from tests.served import await_answer, free_port

NGINX, CADDY = "nginx", "caddy"
SWITCH = "maintenance.on"
"""The file in the folder of a proxy that begins a planned pause."""
NGINX_CONF = """
daemon off;
pid {folder}/pid;
error_log {folder}/log;
user {user};
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""
"""The main configuration that includes the site's, as Debian's nginx.conf does."""


@dataclass
class ProxyClient:
    """An HTTP client with cookies, of the site itself or of a proxy."""

    port: int
    tls: ssl.SSLContext | None = None
    proxy: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()
    """Of a proxy: where its files lie."""

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, str]:
        """Make one request; return status and text, or 0 and the network error."""
        all_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers["Cookie"] = "; ".join(
            f"{name}={text}" for name, text in self.cookies.items()
        )
        connection = self.connection()
        try:
            connection.request(method, path, body or None, all_headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.read().decode()
        except (OSError, HTTPException) as error:
            # A browser shows this as a network error.
            return 0, repr(error)
        finally:
            connection.close()

    def connection(self) -> HTTPConnection:
        """Return a new connection."""
        if self.tls is None:
            return HTTPConnection("127.0.0.1", self.port, timeout=60)
        return HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.tls)


@contextmanager
def nginx(site: int, folder: Path, *others: int) -> Iterator[ProxyClient]:
    """Run nginx with `deploy/nginx.conf` in front of the site at port `site`.

    `others` are the ports of further copies of the site.
    """
    if shutil.which(NGINX) is None or shutil.which("openssl") is None:
        missing("nginx, or openssl")
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1"
    more = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text)
    for shipped, local in (
        ("/etc/nginx/neupusti-upstream.conf", str(folder / "upstream.conf")),
        ("/etc/nginx/neupusti-maintenance.on", str(folder / SWITCH)),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{secure} "),
        ("/etc/letsencrypt/live/neupusti.kz", str(folder)),
        ("/var/cache/neupusti-photos", str(folder / "photos")),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, local)
    (folder / "site.conf").write_text(text)
    (folder / "upstream.conf").write_text(_upstream(site, *others))
    user = pwd.getpwuid(os.getuid()).pw_name
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONF.format(folder=folder, user=user))
    trust = ssl.create_default_context(cafile=certificate)
    with _running([NGINX, "-c", str(config), "-e", str(folder / "log")], secure):
        yield ProxyClient(secure, trust, proxy=True, folder=folder)


def _upstream(site: int, *others: int) -> str:
    """Return the shipped lines of one machine or of several, with ports on loopback."""
    text = (ROOT / "deploy" / "nginx-upstream.conf").read_text()
    alone = "\nserver 127.0.0.1:8000;"
    assert alone in text
    if not others:
        return text.replace(alone, f"\nserver 127.0.0.1:{site};")
    line = re.search(r"(?m)^#server 10\.0\.0\.11:8000(.*)$", text)
    assert line is not None
    return "".join(f"server 127.0.0.1:{port}{line[1]}\n" for port in (site, *others))


@contextmanager
def caddy(site: int, folder: Path) -> Iterator[ProxyClient]:
    """Run Caddy with `deploy/Caddyfile` in front of the site at port `site`."""
    if shutil.which(CADDY) is None:
        missing("Caddy")
    port = free_port()
    text = (ROOT / "deploy" / "Caddyfile").read_text()
    for shipped, local in (
        ("127.0.0.1:8000", f"127.0.0.1:{site}"),
        ("neupusti.kz {", f"http://127.0.0.1:{port} {{"),
        ("root /etc/caddy", f"root {folder}"),
        ("/neupusti-maintenance.on", f"/{SWITCH}"),
        (":443 {", f"http://127.0.0.1:{free_port()} {{"),
        ("\n{\n", "\n{\nadmin off\n"),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, local)
    (folder / "Caddyfile").write_text(text)
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
    with _running(list(map(str, command)), port, folder):
        yield ProxyClient(port, proxy=True, folder=folder)


@contextmanager
def _running(command: list[str], port: int, home: Path | None = None) -> Iterator[None]:
    environment = {**os.environ, **({"HOME": str(home)} if home else {})}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_answer(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)

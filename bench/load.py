"""Measure the request rate of first visits: by `wrk` if it is installed."""

import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

CONNECTIONS = 16
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "ru-KZ,ru;q=0.9,kk;q=0.8,en;q=0.7",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Upgrade-Insecure-Requests": "1",
}
"""What Chrome sends with the first page of a site: no cookie, every compression."""


def client() -> str:
    """Name the client that `rate` uses."""
    return "wrk" if shutil.which("wrk") else "own client"


def rate(port: int, path: str, seconds: int) -> float:
    """Return the requests per second that `path` of a local server answers."""
    if client() == "wrk":
        return _wrk(port, path, seconds)
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        counts = [pool.submit(_loop, port, path, until) for _ in range(CONNECTIONS)]
        return sum(count.result() for count in counts) / seconds


def _wrk(port: int, path: str, seconds: int) -> float:
    headers = [
        part for name, value in BROWSER.items() for part in ("-H", f"{name}: {value}")
    ]
    said = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *headers,
         f"http://127.0.0.1:{port}{path}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said:
        raise RuntimeError(said)
    return float(found[1])


def _loop(port: int, path: str, until: float) -> int:
    """Request on one connection until the time is up; return the complete responses."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in BROWSER.items()]
    request = "\r\n".join((*lines, "", "")).encode()
    count = 0
    with (
        socket.create_connection(("127.0.0.1", port)) as link,
        link.makefile("rb") as answer,
    ):
        while time.monotonic() < until:
            link.sendall(request)
            if b" 200 " not in answer.readline():
                raise RuntimeError("an answer other than 200")
            length = 0
            while (line := answer.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            answer.read(length)
            count += 1
    return count
